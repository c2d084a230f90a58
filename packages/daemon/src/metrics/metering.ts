import type { Logger } from 'pino'
import type { Runtime, ServerId } from '@hatchery/core/runtime'
import type { AgentState } from '../state/agent-state.ts'
import { UsageMeter } from '../usage/usage-meter.ts'
import { MetricStore } from './metric-store.ts'
import { Sampler, type MeasuredServer } from './sampler.ts'

export interface MeteringParts {
  readonly servers: () => readonly MeasuredServer[]
  readonly runtime: Pick<Runtime, 'inspect'>
  readonly state: AgentState
  readonly dataDirectory: string
  readonly bootId: string
  readonly now: () => number
  /** How far this machine's clock is ahead of the panel's, milliseconds. */
  readonly clockOffsetMs: () => number
  readonly flush: () => void
  readonly log: Logger
}

/** Metrics and usage of this node, read together. */
export class Metering implements AsyncDisposable {
  readonly metrics: MetricStore
  readonly #parts: MeteringParts
  readonly #usage: UsageMeter
  readonly #sampler: Sampler

  constructor(parts: MeteringParts) {
    const { state, now, clockOffsetMs, flush } = parts
    this.#parts = parts
    this.metrics = new MetricStore(state.file)
    this.#usage = new UsageMeter({ state: state.file, facts: state.facts, outbox: state.outbox })
    this.#sampler = new Sampler({
      ...parts,
      metrics: this.metrics,
      usage: this.#usage,
      panelNow: () => now() - clockOffsetMs(),
      monoMs: () => Number(process.hrtime.bigint() / 1_000_000n),
      onClosed: flush,
    })
  }

  /** Nothing is counted into a state file that a newer agent has written. */
  start(): void {
    if (!this.#parts.state.isNewer) this.#sampler.start()
  }

  /** Closes the account of a server, in the transaction that removes it. */
  onRemoved(server: ServerId): void {
    this.#usage.forget(server, this.#parts.now() - this.#parts.clockOffsetMs())
  }

  /** Tells a panel that may have lost some of it all usage that is kept. */
  repeatUsage(): void {
    this.#usage.repeat(this.#parts.now())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sampler.close()
  }
}
