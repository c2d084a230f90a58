/** Timers that a test can move by hand. */
export interface Timers {
  /** Calls back once after the delay, unless the returned function was called before. */
  after(delayMs: number, callback: () => void): () => void
}

/** Beyond this a timer of the platform would fire at once. */
const LONGEST_MS = 2 ** 31 - 1

export const systemTimers: Timers = {
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(delayMs, LONGEST_MS))
    return () => clearTimeout(timer)
  },
}
