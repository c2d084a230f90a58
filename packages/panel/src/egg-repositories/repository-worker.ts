import { setTimeout as delay } from 'node:timers/promises'
import { AppError, type ErrorBody } from '@hatchery/core/errors'
import type { Context } from '../context.ts'
import { takeLease } from '../storage/lease.ts'
import { installEggs } from './install-eggs.ts'
import { JobLostError, leaseName, RepositoryJob, type JobRow } from './repository-job.ts'
import { syncRepository } from './sync-repository.ts'
import { ACTIVE, activeJobOf, writeJob, type JobHint, type JobKind, type NewJob } from './write-job.ts'

/** What no hint told of: jobs that are due, and those of an instance that is gone. */
const SWEEP_MS = 15_000
const KINDS = ['egg-repository.sync', 'egg-repository.install'] as const satisfies readonly JobKind[]

/** Does the jobs of egg repositories, one at a time. With several instances each job is done by one of them, under a lease. */
export class RepositoryWorker {
  readonly #ctx: Context
  readonly #stop = new AbortController()
  #unsubscribe: (() => void) | undefined
  #loop: Promise<void> | undefined
  #nudge: (() => void) | undefined
  #isNudged = false
  #current: { readonly uuid: string; readonly abort: AbortController } | null = null

  constructor(ctx: Context) {
    this.#ctx = ctx
  }

  start(): void {
    this.#unsubscribe ??= this.#ctx.bus.subscribe('operations', (hint) => {
      if (isJobHint(hint)) this.#wake()
      else if (isHintOf(hint, this.#current?.uuid)) this.#checkCurrent()
    })
    this.#loop ??= this.#work()
  }

  /** A job under way stops where it is; whoever comes next goes on with it. */
  async close(): Promise<void> {
    this.#unsubscribe?.()
    this.#stop.abort()
    await this.#loop
  }

  #wake(): void {
    this.#isNudged = true
    this.#nudge?.()
  }

  async #work(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      this.#isNudged = false
      try {
        await this.#scheduleDue()
        for (const row of await this.#jobs()) {
          if (signal.aborted) return
          await this.#run(row)
        }
      } catch (error) {
        if (!signal.aborted) this.#ctx.log.error({ err: error }, 'jobs of egg repositories could not be looked at')
      }
      if (!this.#isNudged) await this.#rest()
    }
  }

  async #rest(): Promise<void> {
    const nudged = new Promise<void>((resolve) => (this.#nudge = resolve))
    const rested = delay(SWEEP_MS, undefined, { signal: this.#stop.signal, ref: false }).catch(() => {
      // Closed meanwhile: the loop sees it.
    })
    await Promise.race([nudged, rested])
    this.#nudge = undefined
  }

  /** Every instance looks; the lock of the row lets one of them write the job. */
  async #scheduleDue(): Promise<void> {
    const ctx = this.#ctx
    const due = await ctx.db
      .selectFrom('egg_repositories')
      .select(['id', 'uuid'])
      .where('next_sync_at', '<=', ctx.now())
      .orderBy('next_sync_at')
      .limit(100)
      .execute()
    for (const { id, uuid } of due) {
      await ctx.store.transaction(async (trx, afterCommit) => {
        await ctx.store.lockRow(trx, 'egg_repositories', id)
        const row = await trx
          .selectFrom('egg_repositories')
          .select('next_sync_at')
          .where('id', '=', id)
          .executeTakeFirst()
        if (!row || row.next_sync_at === null || row.next_sync_at > ctx.now()) return
        if (await activeJobOf({ trx }, id)) return
        const job = { kind: 'egg-repository.sync', params: { repository: uuid } } as const
        await writeJob(ctx, { trx, afterCommit }, id, {
          ...job,
          userId: null,
          permission: 'admin:egg-repositories.sync',
        })
        // Until the job has ended and said when the next one is due.
        await trx.updateTable('egg_repositories').set({ next_sync_at: null }).where('id', '=', id).execute()
      })
    }
  }

  async #jobs(): Promise<readonly JobRow[]> {
    const rows = await this.#ctx.db
      .selectFrom('operations')
      .innerJoin('egg_repositories', 'egg_repositories.operation_uuid', 'operations.uuid')
      .select([
        'operations.uuid',
        'operations.kind',
        'operations.body',
        'operations.user_id',
        'egg_repositories.id as repository_id',
      ])
      .where('operations.kind', 'in', KINDS)
      .where('operations.status', 'in', ACTIVE)
      .orderBy('operations.id')
      .limit(100)
      .execute()
    return rows.map(({ uuid, kind, body, user_id, repository_id }) => ({
      uuid,
      kind: kind as JobKind,
      params: (JSON.parse(body) as { params: NewJob['params'] }).params,
      userId: user_id,
      repositoryId: repository_id,
    }))
  }

  async #run(row: JobRow): Promise<void> {
    const { store, now, log } = this.#ctx
    const lease = await takeLease(store, leaseName(row.params.repository), { now, log })
    if (!lease) return
    const abort = new AbortController()
    this.#current = { uuid: row.uuid, abort }
    const signal = AbortSignal.any([abort.signal, this.#stop.signal])
    const job = new RepositoryJob(this.#ctx, row, lease, signal)
    try {
      // It may have ended between the look and the lease.
      await job.transaction(async () => undefined)
      await (row.kind === 'egg-repository.sync' ? syncRepository(this.#ctx, job) : installEggs(this.#ctx, job))
    } catch (error) {
      if (!signal.aborted && !(error instanceof JobLostError)) await this.#endFailed(job, error)
    } finally {
      this.#current = null
      await lease.release()
    }
  }

  async #endFailed(job: RepositoryJob, error: unknown): Promise<void> {
    if (!(error instanceof AppError)) this.#ctx.log.error({ err: error, operation: job.row.uuid }, 'a job failed')
    const body: ErrorBody = (
      error instanceof AppError ? error : new AppError('INTERNAL', {}, { cause: error })
    ).toBody()
    try {
      await job.transaction((change) => job.finish(change, 'failed', body))
    } catch (lost) {
      if (!(lost instanceof JobLostError)) throw lost
    }
  }

  /** Was the job under way cancelled? */
  #checkCurrent(): void {
    const current = this.#current
    if (!current) return
    this.#ctx.db
      .selectFrom('operations')
      .select('status')
      .where('uuid', '=', current.uuid)
      .executeTakeFirst()
      .then(
        (row) => {
          if (row?.status === 'cancelled') current.abort.abort(new JobLostError())
        },
        (error: unknown) => this.#ctx.log.warn({ err: error }, 'the state of a job could not be read'),
      )
  }
}

const isJobHint = (hint: unknown): hint is JobHint =>
  typeof hint === 'object' && hint !== null && 'isPanelJob' in hint && hint.isPanelJob === true

const isHintOf = (hint: unknown, uuid: string | undefined): boolean =>
  typeof hint === 'object' && hint !== null && 'uuid' in hint && hint.uuid === uuid
