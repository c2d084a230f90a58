import { AppError } from '@hatchery/core/errors'
import type { RunningProcess } from '@hatchery/core/runtime'
import type { ConsoleLog } from '../console/console-log.ts'
import { toErrorBody } from './error-body.ts'
import { launchServer } from './launch-server.ts'
import type { LifecycleDriver } from './lifecycle-driver.ts'
import { ProgressFeed } from './progress-feed.ts'
import type { ServerContext } from './server-context.ts'

/** The launch under way, if there is one. */
export class LaunchJob {
  readonly #ctx: ServerContext
  readonly #driver: LifecycleDriver
  readonly #console: ConsoleLog
  #abort: AbortController | null = null
  #settled: Promise<void> = Promise.resolve()

  constructor(ctx: ServerContext, driver: LifecycleDriver, console: ConsoleLog) {
    this.#ctx = ctx
    this.#driver = driver
    this.#console = console
  }

  /** Settles when no launch is under way. */
  get settled(): Promise<void> {
    return this.#settled
  }

  /** Launches, and calls `onLaunched` if a process came of it; otherwise the state machine is told why not. */
  run(run: number, onLaunched: (process: RunningProcess | null) => void): void {
    this.#settled = this.#launch(run, onLaunched).catch((error: unknown) => {
      this.#ctx.log.error({ server: this.#driver.record.id, err: error }, 'the end of a start could not be stored')
    })
  }

  async #launch(run: number, onLaunched: (process: RunningProcess | null) => void): Promise<void> {
    const { record } = this.#driver
    const abort = new AbortController()
    this.#abort = abort
    const feed = new ProgressFeed(this.#ctx, record.id, record.lifecycle.awaitingStart[0] ?? null)
    this.#console.beginRun(run)
    try {
      if (!record.spec) throw new AppError('SERVER_NOT_FOUND', { id: record.id })
      await launchServer(
        this.#ctx,
        record,
        record.spec,
        {
          phase: (name, text) => {
            feed.phase(name)
            if (text !== null) this.#console.append('system', text)
          },
          onProgress: feed.report,
        },
        abort.signal,
      )
      onLaunched(await this.#inspect())
    } catch (error) {
      if (this.#ctx.stopping.aborted) return
      const process = await this.#inspect()
      if (process?.isRunning) return onLaunched(process)
      this.#fail(run, abort.signal.aborted ? new AppError('CANCELLED') : error)
    } finally {
      if (this.#abort === abort) this.#abort = null
    }
  }

  abort(): void {
    this.#abort?.abort()
  }

  cancel(operation: string): boolean {
    if (!this.#abort || !this.#driver.record.lifecycle.awaitingStart.includes(operation)) return false
    this.abort()
    return true
  }

  #fail(run: number, error: unknown): void {
    const body = toErrorBody(error)
    if (body.code === 'INTERNAL') this.#ctx.log.error({ server: this.#driver.record.id, err: error }, 'a start failed')
    this.#console.append('system', `The server was not started. ${body.message}`)
    this.#driver.dispatch({ type: 'launch-failed', run, error: body, at: this.#ctx.now() })
  }

  /** Null when the runtime does not know, or does not answer. */
  async #inspect(): Promise<RunningProcess | null> {
    try {
      return await this.#ctx.runtime.inspect(this.#driver.record.id)
    } catch (error) {
      this.#ctx.log.warn({ server: this.#driver.record.id, err: error }, 'the runtime does not answer')
      return null
    }
  }
}
