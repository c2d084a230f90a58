import type { OnProgress } from '@hatchery/core/runtime'
import type { ServerContext } from './server-context.ts'

const INTERVAL_MS = 200

/** Tells the panel how far an operation is, at most five times a second; a job without an operation tells nobody. */
export class ProgressFeed {
  readonly #ctx: ServerContext
  readonly #server: string
  readonly #operation: string | null
  #phase = 'queued'
  #sentAt = -Infinity

  constructor(ctx: ServerContext, server: string, operation: string | null) {
    this.#ctx = ctx
    this.#server = server
    this.#operation = operation
  }

  phase(phase: string): void {
    if (this.#operation === null || phase === this.#phase) return
    this.#phase = phase
    this.#ctx.state.operations.setPhase(this.#operation, phase)
    this.#ctx.panel.emit({
      name: 'progress',
      data: { operation: this.#operation, server: this.#server, phase, progress: null },
    })
  }

  readonly report: OnProgress = ({ current, total, unit, detail }) => {
    const now = this.#ctx.now()
    const isEnd = total !== null && current >= total
    if (this.#operation === null || (!isEnd && now - this.#sentAt < INTERVAL_MS)) return
    this.#sentAt = now
    this.#ctx.panel.emit({
      name: 'progress',
      data: {
        operation: this.#operation,
        server: this.#server,
        phase: this.#phase,
        progress: { current, total, unit, detail },
      },
    })
  }
}
