import { AppError } from '@hatchery/core/errors'
import type { OnProgress, ServerId, WorkOptions } from '@hatchery/core/runtime'
import { toErrorBody } from '../servers/error-body.ts'
import { ProgressFeed } from '../servers/progress-feed.ts'
import type { ServerContext } from '../servers/server-context.ts'

/** What long work is given: `report` is for work that knows more than files and bytes. */
export type FileJobOptions = WorkOptions & { readonly signal: AbortSignal; readonly report: OnProgress }

/** Long work on files that nobody waits for: it tells how far it is, can be cancelled, and says how it ended. */
export class FileJobs {
  readonly #ctx: ServerContext
  readonly #running = new Map<string, { readonly abort: AbortController; readonly done: Promise<void> }>()

  constructor(ctx: ServerContext) {
    this.#ctx = ctx
  }

  /** Begins; how it ends is an event. After a crash nobody knows how far it came, and it is not begun again. */
  begin(operation: string, server: ServerId, phase: string, work: (options: FileJobOptions) => Promise<unknown>): void {
    const { state, now, panel } = this.#ctx
    const abort = new AbortController()
    state.outbox.append({ name: 'operation.started', data: { operation, server, phase, at: now() } }, now())
    panel.flush()
    const feed = new ProgressFeed(this.#ctx, server, operation)
    feed.phase(phase)
    const done = this.#run(operation, server, abort, () =>
      work({
        signal: abort.signal,
        report: feed.report,
        onProgress: ({ files, bytes, done }) =>
          feed.report({
            current: done?.bytes ?? bytes,
            total: done?.totalBytes ?? null,
            unit: 'bytes',
            detail: `${files} files`,
          }),
      }),
    )
    this.#running.set(operation, { abort, done })
    void done.finally(() => this.#running.delete(operation))
  }

  /** @returns false if it is not under way here */
  cancel(operation: string): boolean {
    const job = this.#running.get(operation)
    job?.abort.abort(new AppError('CANCELLED'))
    return job !== undefined
  }

  /** Stops what is under way; its end is told as unknown by the next start. */
  async close(): Promise<void> {
    for (const { abort } of this.#running.values()) abort.abort(new AppError('CANCELLED'))
    await Promise.all([...this.#running.values()].map(({ done }) => done))
  }

  async #run(operation: string, server: ServerId, abort: AbortController, work: () => Promise<unknown>): Promise<void> {
    const { log, stopping } = this.#ctx
    try {
      await work()
      this.#finish(operation, server, 'succeeded', null)
    } catch (error) {
      if (stopping.aborted) return
      const isCancelled = abort.signal.aborted
      const body = toErrorBody(isCancelled ? new AppError('CANCELLED') : error)
      if (body.code === 'INTERNAL') log.error({ server, operation, err: error }, 'work on files failed')
      this.#finish(operation, server, isCancelled ? 'cancelled' : 'failed', body)
    }
  }

  #finish(
    operation: string,
    server: ServerId,
    status: 'succeeded' | 'failed' | 'cancelled',
    error: ReturnType<typeof toErrorBody> | null,
  ): void {
    const { state, now, panel } = this.#ctx
    const told = error && { code: error.code, message: error.message }
    state.transaction(() => {
      state.operations.finish(operation, status, now())
      const data = { operation, server, status, error: told, at: now() }
      state.outbox.append({ name: 'operation.finished', data }, now())
    })
    panel.flush()
  }
}
