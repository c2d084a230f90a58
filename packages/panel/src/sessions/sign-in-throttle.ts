import { AppError } from '@hatchery/core/errors'
import { subscriberOf } from '../http/client-address.ts'

const WINDOW_MS = 15 * 60_000
/** Wrong passwords from one address before it has to wait. */
const FREE_PER_ADDRESS = 10
/** Wrong passwords for one account, from anywhere, before further tries for it are slowed down. */
const FREE_PER_ACCOUNT = 10
const LONGEST_WAIT_MS = 5 * 60_000
const LONGEST_PAUSE_MS = 4_000
const CAPACITY = 50_000
/** Password hashes computed at once: each takes 19 MiB and a thread. */
const CONCURRENCY = 2

interface Failures {
  count: number
  lastAt: number
}

export interface Attempt {
  readonly ip: string
  readonly account: string
  /** The browser or the address has signed in to this account before. */
  readonly isKnown: boolean
}

export interface ThrottleParts {
  readonly now: () => number
  readonly pause?: ((ms: number) => Promise<void>) | undefined
}

/**
 * Slows guessing down without locking anybody out. An address that was wrong too often has to wait; an account that
 * somebody guesses at from many addresses answers later, but answers; and who comes from where the owner has signed in
 * before is never held up.
 */
export class SignInThrottle {
  readonly #now: () => number
  readonly #pause: (ms: number) => Promise<void>
  readonly #failures = new Map<string, Failures>()
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor({ now, pause }: ThrottleParts) {
    this.#now = now
    this.#pause = pause ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms)))
  }

  /** One more under the same rules, which knows nothing of what this one has seen. */
  apart(): SignInThrottle {
    return new SignInThrottle({ now: this.#now, pause: this.#pause })
  }

  /** Runs the check of one password. @throws AppError `RATE_LIMITED` for an unknown address that has to wait */
  async attempt<T>(attempt: Attempt, check: () => Promise<T>): Promise<T> {
    if (!attempt.isKnown) await this.#hold(attempt)
    await this.#enter()
    try {
      return await check()
    } finally {
      this.#leave()
    }
  }

  fail({ ip, account }: Attempt): void {
    for (const key of [`ip:${subscriberOf(ip)}`, `account:${account}`]) {
      const failures = this.#recent(key) ?? { count: 0, lastAt: 0 }
      failures.count++
      failures.lastAt = this.#now()
      this.#failures.delete(key)
      this.#failures.set(key, failures)
    }
    while (this.#failures.size > CAPACITY) {
      const oldest = this.#failures.keys().next().value
      if (oldest !== undefined) this.#failures.delete(oldest)
    }
  }

  succeed({ ip, account }: Attempt): void {
    this.#failures.delete(`ip:${subscriberOf(ip)}`)
    this.#failures.delete(`account:${account}`)
  }

  async #hold({ ip, account }: Attempt): Promise<void> {
    const fromAddress = this.#recent(`ip:${subscriberOf(ip)}`)
    if (fromAddress && fromAddress.count >= FREE_PER_ADDRESS) {
      const waitMs = Math.min(1000 * 2 ** (fromAddress.count - FREE_PER_ADDRESS), LONGEST_WAIT_MS)
      const leftMs = fromAddress.lastAt + waitMs - this.#now()
      if (leftMs > 0) throw new AppError('RATE_LIMITED', { retryAfterSeconds: Math.ceil(leftMs / 1000) })
    }
    const atAccount = this.#recent(`account:${account}`)
    if (atAccount && atAccount.count >= FREE_PER_ACCOUNT) {
      await this.#pause(Math.min(250 * 2 ** (atAccount.count - FREE_PER_ACCOUNT), LONGEST_PAUSE_MS))
    }
  }

  #recent(key: string): Failures | undefined {
    const failures = this.#failures.get(key)
    if (!failures || this.#now() - failures.lastAt < WINDOW_MS) return failures
    this.#failures.delete(key)
    return undefined
  }

  async #enter(): Promise<void> {
    if (this.#running >= CONCURRENCY) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    this.#running++
  }

  #leave(): void {
    this.#running--
    this.#waiting.shift()?.()
  }
}
