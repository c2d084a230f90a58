import { AppError } from '@hatchery/core/errors'
import type { AgentParams } from '@hatchery/core/protocol'
import type { ConsoleLog } from '../console/console-log.ts'
import { toErrorBody } from './error-body.ts'
import { installServer } from './install-server.ts'
import type { LifecycleDriver } from './lifecycle-driver.ts'
import { ProgressFeed } from './progress-feed.ts'
import type { ServerContext } from './server-context.ts'

/** The installation under way, if there is one. After a crash of the agent it is run again from its beginning. */
export class InstallJob {
  readonly #ctx: ServerContext
  readonly #driver: LifecycleDriver
  readonly #console: ConsoleLog
  #current: { readonly operation: string; readonly abort: AbortController } | null = null
  /** Cancelled before it began. */
  readonly #cancelled = new Set<string>()

  constructor(ctx: ServerContext, driver: LifecycleDriver, console: ConsoleLog) {
    this.#ctx = ctx
    this.#driver = driver
    this.#console = console
  }

  begin(operation: string): void {
    this.#run(operation).catch((error: unknown) => {
      this.#ctx.log.error(
        { server: this.#driver.record.id, err: error },
        'the end of an installation could not be stored',
      )
    })
  }

  async #run(operation: string): Promise<void> {
    const abort = new AbortController()
    this.#current = { operation, abort }
    if (this.#cancelled.delete(operation) || this.#driver.record.lifecycle.isDeleted) abort.abort()
    try {
      await this.#work(operation, abort.signal)
      this.#say('The installation is complete.')
      await this.#end(operation, 'succeeded', null)
    } catch (error) {
      if (this.#ctx.stopping.aborted) return
      const body = toErrorBody(abort.signal.aborted ? new AppError('CANCELLED') : error)
      if (body.code === 'INTERNAL')
        this.#ctx.log.error({ server: this.#driver.record.id, err: error }, 'an installation failed')
      this.#say(`The installation has ended. ${body.message}`)
      await this.#end(operation, abort.signal.aborted ? 'cancelled' : 'failed', body)
    } finally {
      this.#current = null
    }
  }

  cancel(operation: string): boolean {
    const { next, installing } = this.#driver.record.lifecycle
    if (this.#current?.operation === operation) {
      this.#current.abort.abort()
      return true
    }
    if (installing?.operation !== operation && !(next?.type === 'install' && next.operation === operation)) return false
    this.#cancelled.add(operation)
    return true
  }

  cancelAll(): void {
    this.#current?.abort.abort()
  }

  async #work(operation: string, signal: AbortSignal): Promise<void> {
    const { record } = this.#driver
    const { state, now, panel } = this.#ctx
    if (!record.spec) throw new AppError('SERVER_NOT_FOUND', { id: record.id })
    state.outbox.append(
      { name: 'operation.started', data: { operation, server: record.id, phase: 'installing', at: now() } },
      now(),
    )
    panel.flush()
    signal.throwIfAborted()
    // Stored by the journal when the panel asked for it, in the form of the contract.
    const body = state.operations.find(operation)?.body as AgentParams<'server.install'> | undefined
    const feed = new ProgressFeed(this.#ctx, record.id, operation)
    await installServer(
      this.#ctx,
      record,
      record.spec,
      { skipScript: body?.skipScript ?? false },
      {
        phase: (name, text) => {
          feed.phase(name)
          this.#say(text)
        },
        onProgress: feed.report,
        onLine: (line) => this.#console.append('install', line),
      },
      signal,
    )
  }

  async #end(
    operation: string,
    status: 'succeeded' | 'failed' | 'cancelled',
    error: ReturnType<typeof toErrorBody> | null,
  ) {
    await this.#console.flushed()
    this.#driver.dispatch({ type: 'install-ended', operation, status, error, at: this.#ctx.now() })
  }

  #say(text: string): void {
    this.#console.append('system', text)
  }
}
