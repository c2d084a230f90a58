import type { DurableEvent, ServerReport } from '@hatchery/core/protocol'
import {
  reduceLifecycle,
  type LifecycleEffect,
  type LifecycleInput,
  type LifecycleSettings,
  type LifecycleTimer,
} from '@hatchery/core/server'
import type { ServerRecord } from '../state/server-store.ts'
import { refuse } from './refusals.ts'
import type { ServerContext } from './server-context.ts'

/** Effects that touch the world; the driver keeps the rest (state, reports, answers, timers) to itself. */
export type WorldEffect = Extract<
  LifecycleEffect,
  { type: 'launch' | 'abort-launch' | 'stop' | 'kill' | 'offer-kill' | 'begin-install' | 'crashed' }
>

export interface DriverOptions {
  readonly settings: () => LifecycleSettings
  /** Starts the effect and returns; what comes of it arrives as another input. */
  perform(effect: WorldEffect): void
  /** Newest lines of output, for crash events. */
  lastLines(): readonly string[]
}

/**
 * Runs the state machine of one server: every input is reduced, stored together with the events it causes in one
 * durable transaction, and only then acted upon.
 */
export class LifecycleDriver {
  readonly #ctx: ServerContext
  readonly #options: DriverOptions
  readonly #timers = new Map<LifecycleTimer, NodeJS.Timeout>()
  readonly #waiting: { readonly isMet: () => boolean; readonly resolve: () => void }[] = []
  #record: ServerRecord
  #isClosed = false

  constructor(ctx: ServerContext, record: ServerRecord, options: DriverOptions) {
    this.#ctx = ctx
    this.#record = record
    this.#options = options
  }

  get record(): ServerRecord {
    return this.#record
  }

  get report(): ServerReport {
    const { id, spec, lifecycle, stateSeq, isOrphaned } = this.#record
    const authorityEpoch = this.#ctx.state.servers.authorityOf(id)
    return {
      server: id,
      generation: spec?.generation ?? null,
      state: lifecycle.process,
      install: lifecycle.install,
      run: lifecycle.run,
      stateSeq,
      startedAt: lifecycle.startedAt,
      exit: lifecycle.exit,
      isOrphaned,
      ...(spec && { name: spec.name }),
      ...(authorityEpoch > 0 && { authorityEpoch }),
    }
  }

  /** Stores a change that is not the state machine's, and reports it. */
  update(change: Partial<ServerRecord>, options: { readonly isReported: boolean }): void {
    this.#ctx.state.transaction(() => {
      const stateSeq = this.#record.stateSeq + (options.isReported ? 1 : 0)
      this.#record = { ...this.#record, ...change, stateSeq }
      this.#ctx.state.servers.save(this.#record)
      if (options.isReported) this.#append({ name: 'server.report', data: this.report })
    })
    this.#ctx.panel.flush()
  }

  /** @throws AppError if the state machine refuses the request */
  dispatch(input: LifecycleInput): void {
    if (this.#isClosed) return
    const { state, effects } = reduceLifecycle(this.#record.lifecycle, input, this.#options.settings())
    for (const effect of effects) if (effect.type === 'reject') throw refuse(this.#record.id, effect.reason)

    const before = this.#record
    try {
      this.#ctx.state.transaction(() => this.#store({ ...before, lifecycle: state }, effects))
    } catch (error) {
      this.#record = before
      throw error
    }
    this.#ctx.panel.flush()
    for (const effect of effects) this.#carryOut(effect)
    this.#wake()
  }

  /** Settles when the condition holds; it is looked at after every input. */
  when(isMet: () => boolean): Promise<void> {
    if (isMet()) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push({ isMet, resolve }))
  }

  /** From now on nothing is dispatched, stored or fired. */
  close(): void {
    this.#isClosed = true
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
  }

  #store(next: ServerRecord, effects: readonly LifecycleEffect[]): void {
    const { servers, operations } = this.#ctx.state
    const at = this.#ctx.now()
    const isReported = effects.some(({ type }) => type === 'report')
    this.#record = isReported ? { ...next, stateSeq: next.stateSeq + 1 } : next
    servers.save(this.#record)
    for (const effect of effects) {
      if (effect.type === 'crashed') {
        const { run, code, oomKilled, restartAt } = effect
        const lastLines = [...this.#options.lastLines()]
        this.#append({
          name: 'server.crashed',
          data: { server: next.id, run, code, oomKilled, lastLines, restartAt, at },
        })
      }
      if (effect.type === 'settle') {
        const { operation, status, error } = effect
        operations.finish(operation, status, at)
        const shown = error && {
          code: error.code,
          message: error.message,
          ...(error.details && { details: { ...error.details } }),
        }
        this.#append({ name: 'operation.finished', data: { operation, server: next.id, status, error: shown, at } })
      }
    }
    if (isReported) this.#append({ name: 'server.report', data: this.report })
  }

  #carryOut(effect: LifecycleEffect): void {
    switch (effect.type) {
      case 'set-timer':
        return this.#setTimer(effect.timer, effect.dueAt)
      case 'clear-timer':
        clearTimeout(this.#timers.get(effect.timer))
        return void this.#timers.delete(effect.timer)
      case 'report':
      case 'settle':
      case 'reject':
        return
      default:
        this.#options.perform(effect)
    }
  }

  #setTimer(timer: LifecycleTimer, dueAt: number): void {
    clearTimeout(this.#timers.get(timer))
    const fire = () => {
      const now = this.#ctx.now()
      if (now < dueAt) return this.#setTimer(timer, dueAt)
      this.#timers.delete(timer)
      this.dispatch({ type: 'timer', timer, at: now })
    }
    this.#timers.set(timer, setTimeout(fire, Math.max(0, dueAt - this.#ctx.now())))
  }

  #wake(): void {
    const met = this.#waiting.filter(({ isMet }) => isMet())
    for (const waiter of met) {
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
      waiter.resolve()
    }
  }

  #append(event: DurableEvent): void {
    this.#ctx.state.outbox.append(event, this.#ctx.now())
  }
}
