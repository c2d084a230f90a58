/** Fewer bytes than this are no window to work with; a stream waits instead. */
const SMALLEST_WINDOW = 64 * 1024

/** Bytes that may be in memory for a group of streams: all of one session, or all of one user. First come, first served. */
export class CreditBudget {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(bytes: number) {
    this.#free = Math.max(bytes, SMALLEST_WINDOW)
  }

  get freeBytes(): number {
    return this.#free
  }

  /** Waits for a window of up to `bytes`; whoever reserves gives it back with {@link release}. */
  async reserve(bytes: number, signal: AbortSignal): Promise<number> {
    while (this.#free < Math.min(bytes, SMALLEST_WINDOW)) {
      if (signal.aborted) return 0
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve)
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    }
    const window = signal.aborted ? 0 : Math.min(bytes, this.#free)
    this.#free -= window
    return window
  }

  release(bytes: number): void {
    this.#free += bytes
    for (const wake of this.#waiting.splice(0)) wake()
  }
}
