import { setImmediate as yieldToOthers } from 'node:timers/promises'
import type { Operation } from '@hatchery/core/api'
import type { ErrorBody } from '@hatchery/core/errors'
import type { Context } from '../context.ts'
import { finishOperation, type FinalStatus } from '../operations/finish-operation.ts'
import type { Change } from '../servers/touch-server.ts'
import type { Lease } from '../storage/lease.ts'
import { ACTIVE, type JobKind, type NewJob } from './write-job.ts'

/** Somebody else does the job now, or it was cancelled, or its repository is gone: nothing of it may be written any more. */
export class JobLostError extends Error {
  constructor() {
    super('this job is no longer for this process to do')
  }
}

export interface JobRow {
  readonly uuid: string
  readonly kind: JobKind
  readonly params: NewJob['params']
  readonly userId: number | null
  readonly repositoryId: number
}

export const leaseName = (repository: string): string => `egg-repository:${repository}`

/** A job under way. All that it changes goes through `transaction`, which checks that it is still this process's to do. */
export class RepositoryJob {
  readonly row: JobRow
  readonly signal: AbortSignal
  readonly #ctx: Context
  readonly #lease: Lease

  constructor(ctx: Context, row: JobRow, lease: Lease, signal: AbortSignal) {
    this.#ctx = ctx
    this.row = row
    this.#lease = lease
    this.signal = signal
  }

  /** @throws JobLostError */
  async transaction<T>(work: (change: Change) => Promise<T>): Promise<T> {
    const { store } = this.#ctx
    // SQLite answers at once: a long row of transactions would let nobody else have a turn.
    await yieldToOthers()
    return store.transaction(async (trx, afterCommit) => {
      // First, as everybody who writes here does: who holds it is alone with repository and job.
      await store.lockRow(trx, 'egg_repositories', this.row.repositoryId)
      await this.#check({ trx, afterCommit })
      return work({ trx, afterCommit })
    })
  }

  /** Says how far it is; what was said before is replaced. */
  async report(phase: string, progress: Operation['progress'] = null): Promise<void> {
    const { store, bus } = this.#ctx
    this.signal.throwIfAborted()
    await store.transaction(async (trx, afterCommit) => {
      await trx
        .updateTable('operations')
        .set((eb) => ({
          status: 'running',
          phase,
          progress: progress === null ? null : JSON.stringify(progress),
          revision: eb('revision', '+', 1),
        }))
        .where('uuid', '=', this.row.uuid)
        .where('status', 'in', ACTIVE)
        .execute()
      afterCommit(() => bus.publish('operations', { uuid: this.row.uuid }))
    })
  }

  /** Ends the operation, inside a `transaction`. */
  async finish(change: Change, status: FinalStatus, error: ErrorBody | null): Promise<void> {
    const ctx = this.#ctx
    const row = await change.trx
      .selectFrom('operations')
      .selectAll()
      .where('uuid', '=', this.row.uuid)
      .executeTakeFirstOrThrow()
    await finishOperation(ctx, change, row, { status, error, at: ctx.now(), isFromNode: false })
  }

  async #check({ trx }: Change): Promise<void> {
    const held = await trx
      .selectFrom('egg_repositories')
      .innerJoin('operations', 'operations.uuid', 'egg_repositories.operation_uuid')
      .innerJoin('leases', (join) => join.on('leases.name', '=', leaseName(this.row.params.repository)))
      .select('leases.token')
      .where('egg_repositories.id', '=', this.row.repositoryId)
      .where('operations.uuid', '=', this.row.uuid)
      .where('operations.status', 'in', ACTIVE)
      .executeTakeFirst()
    if (held?.token !== this.#lease.token) throw new JobLostError()
  }
}
