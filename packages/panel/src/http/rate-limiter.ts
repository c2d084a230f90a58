import type { RateClass } from '@hatchery/core/api'

export interface RateVerdict {
  readonly limit: number
  readonly remaining: number
  /** Milliseconds until the window is new. */
  readonly resetMs: number
  readonly isOver: boolean
}

/** Counts calls. In memory for one instance; a shared one may answer later. */
export interface RateLimiter {
  hit(key: string, limit: number, windowMs: number): RateVerdict | Promise<RateVerdict>
}

export type LimitedClass = Exclude<RateClass, 'unlimited'>

/** Calls per minute of one session, key or, for who is not signed in, address. */
export const DEFAULT_RATE_LIMITS: Readonly<Record<LimitedClass, number>> = {
  default: 1200,
  auth: 20,
  write: 240,
  power: 240,
  expensive: 60,
}

export const RATE_WINDOW_MS = 60_000

interface Window {
  count: number
  endsAt: number
}

/** Fixed windows; those that ended are swept when the number of keys has doubled. */
export class MemoryRateLimiter implements RateLimiter {
  readonly #windows = new Map<string, Window>()
  readonly #now: () => number
  #sweepAt = 10_000

  constructor(now: () => number) {
    this.#now = now
  }

  hit(key: string, limit: number, windowMs: number): RateVerdict {
    const now = this.#now()
    let window = this.#windows.get(key)
    if (!window || window.endsAt <= now) {
      window = { count: 0, endsAt: now + windowMs }
      this.#windows.set(key, window)
      if (this.#windows.size > this.#sweepAt) this.#sweep(now)
    }
    window.count++
    return {
      limit,
      remaining: Math.max(0, limit - window.count),
      resetMs: window.endsAt - now,
      isOver: window.count > limit,
    }
  }

  #sweep(now: number): void {
    for (const [key, window] of this.#windows) if (window.endsAt <= now) this.#windows.delete(key)
    this.#sweepAt = Math.max(10_000, this.#windows.size * 2)
  }
}
