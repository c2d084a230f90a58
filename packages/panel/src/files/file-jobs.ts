import type * as api from '@hatchery/core/api'
import type { BodyOf, OperationRef } from '@hatchery/core/api'
import type { ServerPermission } from '@hatchery/core/permissions'
import { actorOf, requesterOf } from '../activity/actor.ts'
import type { AuthorizedServer, RequestContext } from '../context.ts'
import type { DurableMethod } from '../operations/operation-runner.ts'
import { INTENT_LIFETIME_MS } from '../servers/power.ts'
import { reachFiles, requireMay, type ReachedFiles } from './reach-files.ts'

export function copyFile(
  ctx: RequestContext,
  server: AuthorizedServer,
  { from, to }: BodyOf<typeof api.copyFile>,
): Promise<OperationRef> {
  return beginJob(ctx, server, {
    kind: 'file.copy',
    method: 'files.copy',
    params: { from, to },
    permission: 'file.create',
    files: [{ from, to }],
  })
}

export function packFiles(
  ctx: RequestContext,
  server: AuthorizedServer,
  { directory, names, to, format = 'tar.gz' }: BodyOf<typeof api.packFiles>,
): Promise<OperationRef> {
  return beginJob(ctx, server, {
    kind: 'file.pack',
    method: 'files.pack',
    params: { directory, names, to, format },
    permission: 'file.archive',
    files: [to],
  })
}

export async function unpackFile(
  ctx: RequestContext,
  server: AuthorizedServer,
  { path, to, replace = false, members }: BodyOf<typeof api.unpackFile>,
): Promise<OperationRef> {
  if (replace) requireMay(ctx, server, 'file.update')
  return beginJob(ctx, server, {
    kind: 'file.unpack',
    method: 'files.unpack',
    params: { path, to, replace, ...(members && { members }) },
    permission: 'file.archive',
    files: [path],
  })
}

/** Work on files that goes on after its answer. */
export interface FileJob {
  readonly kind: string
  readonly method: DurableMethod
  readonly params: Readonly<Record<string, unknown>>
  readonly permission: ServerPermission
  readonly files: readonly unknown[]
}

/** Writes down who wants the work and hands it to the node; progress, end and cancel are those of every operation. */
export async function beginJob(ctx: RequestContext, server: AuthorizedServer, job: FileJob): Promise<OperationRef> {
  const operation = await createJob(ctx, await reachFiles(ctx, server, 'write'), job)
  await ctx.operations.send(operation)
  return { operation }
}

/** Writes down who wants the work; it is not sent yet. */
export function createJob(ctx: RequestContext, reached: ReachedFiles, job: FileJob): Promise<string> {
  return ctx.store.transaction(async (trx) => {
    const uuid = await ctx.operations.create(trx, {
      kind: job.kind,
      class: 'at-most-once',
      method: job.method,
      params: { server: reached.server, ...job.params },
      serverId: reached.id,
      nodeId: reached.nodeId,
      userId: actorOf(ctx).userId,
      requestedBy: requesterOf(ctx),
      permission: `server:${job.permission}`,
      lifetimeMs: INTENT_LIFETIME_MS,
      canCancel: true,
    })
    await ctx.events.append(trx, {
      type: `server:${job.kind}`,
      ...actorOf(ctx),
      serverId: reached.id,
      nodeId: reached.nodeId,
      data: { operation: uuid, files: job.files, count: job.files.length },
    })
    return uuid
  })
}
