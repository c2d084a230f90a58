import type { CommandIo } from './command-io.ts'
import { printable } from './terminal.ts'

const BAR_WIDTH = 24
/** A run that ends sooner shows no bar. */
const PATIENCE_MS = 300
const REDRAW_MS = 80
const CLEAR_LINE = '\r\u001B[2K'

/** A bar on standard error, for a person at a terminal only. Call `clear` before other text is written. */
export class Progress {
  readonly #io: Pick<CommandIo, 'stderr' | 'now'>
  readonly #total: number
  readonly #startedAt: number
  #done = 0
  #drawnAt = 0
  #isShown = false

  constructor(io: Pick<CommandIo, 'stderr' | 'now'>, total: number) {
    this.#io = io
    this.#total = total
    this.#startedAt = io.now()
  }

  /** One more file; `label` is the one at work. */
  step(label: string): void {
    this.#done++
    const now = this.#io.now()
    if (this.#io.stderr.isTTY !== true || now - this.#startedAt < PATIENCE_MS || now - this.#drawnAt < REDRAW_MS) return
    this.#drawnAt = now
    this.#isShown = true
    const filled = Math.round((this.#done / this.#total) * BAR_WIDTH)
    const bar = `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)}`
    const text = `${bar} ${this.#done}/${this.#total} ${printable(label)}`
    this.#io.stderr.write(CLEAR_LINE + text.slice(0, (this.#io.stderr.columns ?? 80) - 1))
  }

  /** Takes the bar away, so that other text can be written. */
  clear(): void {
    if (this.#isShown) this.#io.stderr.write(CLEAR_LINE)
    this.#isShown = false
  }
}
