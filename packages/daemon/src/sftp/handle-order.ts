interface Pending {
  readonly isWrite: boolean
  readonly start: number
  readonly end: number
  readonly done: Promise<unknown>
}

/**
 * Order of what is asked of one open file: reads and writes of different places go on at once, those of the same place one
 * after the other as they came, and everything else waits for all before it and holds up all behind it.
 */
export class HandleOrder {
  #pending: Pending[] = []
  #barrier: Promise<unknown> = Promise.resolve()

  read<T>(start: number, length: number, work: () => Promise<T>): Promise<T> {
    return this.#shared(false, start, length, work)
  }

  write<T>(start: number, length: number, work: () => Promise<T>): Promise<T> {
    return this.#shared(true, start, length, work)
  }

  alone<T>(work: () => Promise<T>): Promise<T> {
    const before = [this.#barrier, ...this.#pending.map(({ done }) => done)]
    const result = Promise.all(before).then(work)
    this.#barrier = result.catch(() => undefined) // told to whoever asked for it
    return result
  }

  #shared<T>(isWrite: boolean, start: number, length: number, work: () => Promise<T>): Promise<T> {
    const end = start + length
    const before = this.#pending.filter((other) => (isWrite || other.isWrite) && other.start < end && start < other.end)
    const result = Promise.all([this.#barrier, ...before.map(({ done }) => done)]).then(work)
    const entry: Pending = {
      isWrite,
      start,
      end,
      done: result
        .catch(() => undefined) // told to whoever asked for it
        .finally(() => this.#pending.splice(this.#pending.indexOf(entry), 1)),
    }
    this.#pending.push(entry)
    return result
  }
}
