/** Time that only a test moves. */
export class TestClock {
  #now: number

  constructor(start = Date.UTC(2026, 0, 5, 12)) {
    this.#now = start
  }

  readonly now = (): number => this.#now

  advance(ms: number): void {
    this.#now += ms
  }
}
