import { createHash } from 'node:crypto'
import type { Context } from '../context.ts'
import { finishOperation } from '../operations/finish-operation.ts'
import type { Change } from '../servers/touch-server.ts'
import { newUuid } from '../storage/uuid.ts'

/** Jobs that the panel does itself; no node has to do with them. */
export type JobKind = 'egg-repository.sync' | 'egg-repository.install'

export interface NewJob {
  readonly kind: JobKind
  readonly params: { readonly repository: string; readonly nest?: string; readonly eggs?: readonly string[] }
  /** Null where nobody asked: it was due. */
  readonly userId: number | null
  /** Permission that a cancel needs. */
  readonly permission: string
}

/** Wakes the workers of all instances; one of them does it. */
export interface JobHint {
  readonly uuid: string
  readonly isPanelJob: true
}

export const ACTIVE = ['pending', 'running'] as const

/**
 * Writes a job in the transaction of the change that needs it; the caller holds the lock of the repository's row. A worker
 * takes it up after the commit, or after the next start.
 * @returns its operation
 */
export async function writeJob(
  ctx: Pick<Context, 'bus' | 'now'>,
  { trx, afterCommit }: Change,
  repositoryId: number,
  { kind, params, userId, permission }: NewJob,
): Promise<string> {
  const uuid = newUuid()
  const body = JSON.stringify({ method: kind, params: { ...params, operation: uuid, lifetimeMs: null } })
  await trx
    .insertInto('operations')
    .values({
      uuid,
      kind,
      class: kind === 'egg-repository.sync' ? 'converge' : 'resumable',
      status: 'pending',
      server_id: null,
      node_id: null,
      user_id: userId,
      permission,
      phase: 'queued',
      progress: null,
      body_hash: createHash('sha256').update(body).digest('hex'),
      body,
      can_cancel: 1,
      sent_at: null,
      error: null,
      created_at: ctx.now(),
      finished_at: null,
      revision: 1,
    })
    .execute()
  await trx.updateTable('egg_repositories').set({ operation_uuid: uuid }).where('id', '=', repositoryId).execute()
  afterCommit(() => ctx.bus.publish('operations', { uuid, isPanelJob: true } satisfies JobHint))
  return uuid
}

/** The job at work on a repository; asked under the lock of its row. */
export async function activeJobOf(
  { trx }: Pick<Change, 'trx'>,
  repositoryId: number,
): Promise<{ readonly uuid: string; readonly kind: string } | undefined> {
  return trx
    .selectFrom('egg_repositories')
    .innerJoin('operations', 'operations.uuid', 'egg_repositories.operation_uuid')
    .select(['operations.uuid', 'operations.kind'])
    .where('egg_repositories.id', '=', repositoryId)
    .where('operations.status', 'in', ACTIVE)
    .executeTakeFirst()
}

/** Ends the job at work on a repository that goes away. */
export async function cancelJobOf(
  ctx: Pick<Context, 'bus' | 'events' | 'now'>,
  change: Change,
  repositoryId: number,
): Promise<void> {
  const job = await activeJobOf(change, repositoryId)
  if (!job) return
  const row = await change.trx
    .selectFrom('operations')
    .selectAll()
    .where('uuid', '=', job.uuid)
    .executeTakeFirstOrThrow()
  await finishOperation(ctx, change, row, { status: 'cancelled', error: null, at: ctx.now(), isFromNode: false })
}
