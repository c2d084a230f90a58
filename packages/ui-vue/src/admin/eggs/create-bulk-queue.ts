import { HatcheryError } from '@hatchery/core/sdk'

export interface BulkQueueOptions {
  /** Calls at work at the same time. @default 3 */
  readonly atOnce?: number
  /** Resolves after so many milliseconds. @default a timer */
  readonly wait?: (delayMs: number) => Promise<void>
}

/** Runs one call, now or when its turn comes. */
export type BulkQueue = <T>(call: () => Promise<T>) => Promise<T>

const timer = (delayMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, delayMs))
const LONGEST_WAIT_MS = 90_000

/**
 * Many calls to the panel, a few at a time. When the panel says that there were too many, the call waits as long as it
 * asks for and is tried again, so that a thousand eggs are only slower than ten.
 */
export function createBulkQueue({ atOnce = 3, wait = timer }: BulkQueueOptions = {}): BulkQueue {
  const waiting: (() => void)[] = []
  let active = 0

  async function attempt<T>(call: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await call()
      } catch (error) {
        const delayMs = error instanceof HatcheryError && error.status === 429 ? error.retryAfterMs : undefined
        if (delayMs === undefined || delayMs > LONGEST_WAIT_MS) throw error
        await wait(delayMs)
      }
    }
  }

  return async (call) => {
    if (active >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve))
    else active += 1
    try {
      return await attempt(call)
    } finally {
      const next = waiting.shift()
      // A place is handed on, not freed and taken again.
      if (next) next()
      else active -= 1
    }
  }
}
