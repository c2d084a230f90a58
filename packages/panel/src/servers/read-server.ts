import type { Server } from '@hatchery/core/api'
import { javaImagesFor, type Egg } from '@hatchery/core/eggs'
import { AppError } from '@hatchery/core/errors'
import { selectAllocations, toAllocation } from '../allocations/service.ts'
import type { AuthorizedServer, Context, RequestContext } from '../context.ts'
import { lifecycleOf } from './lifecycle.ts'
import { sftpAddress } from './sftp-address.ts'
import { selectSummaries, toNodePart, toSummary } from './summary-cache.ts'

/** The server that the contract's permission was checked for. */
export function serverOf(ctx: Pick<RequestContext, 'server'>): AuthorizedServer {
  if (!ctx.server) throw new Error('The permission of this endpoint is not one of a server.')
  return ctx.server
}

/** A server with everything its page shows, as the caller may see it. */
export async function readServer(
  ctx: Pick<RequestContext, 'db' | 'principal'>,
  { id, uuid, permissions }: AuthorizedServer,
): Promise<Server> {
  const summary = await selectSummaries(ctx.db).where('servers.id', '=', id).executeTakeFirst()
  if (!summary) throw new AppError('SERVER_NOT_FOUND', { id: uuid })
  const row = await ctx.db.selectFrom('servers').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
  const node = await ctx.db.selectFrom('nodes').selectAll().where('id', '=', row.node_id).executeTakeFirstOrThrow()
  const egg = await ctx.db.selectFrom('eggs').select('model').where('id', '=', row.egg_id).executeTakeFirstOrThrow()
  const holds = await ctx.db.selectFrom('server_holds').select('kind').where('server_id', '=', id).execute()
  const features = await ctx.db
    .selectFrom('server_features')
    .select(['feature', 'line', 'at'])
    .where('server_id', '=', id)
    .orderBy('at')
    .execute()
  const allocations = await selectAllocations(ctx)
    .where('allocations.server_id', '=', id)
    .orderBy('allocations.id')
    .execute()
  const { images } = JSON.parse(egg.model) as Egg
  const lifecycle = lifecycleOf(row.lifecycle)

  return {
    ...toSummary(
      summary,
      holds.map(({ kind }) => kind),
    ),
    node: toNodePart(node),
    permissions: [...permissions],
    externalId: row.external_id,
    image: row.image,
    images: images.map(({ label, value }) => ({ label, value })),
    allocations: allocations.map(toAllocation),
    isInstalled: row.install_state === 'installed',
    lastExit: row.last_exit === null ? null : (JSON.parse(row.last_exit) as Server['lastExit']),
    pendingFeatures: features.map(({ feature, line, at }) => ({
      feature,
      line,
      at,
      images: feature === 'java_version' ? javaImagesFor(line, images) : [],
    })),
    operation: row.operation_uuid,
    sftp: await sftpAddress(ctx, { shortId: row.short_id, fqdn: node.fqdn, host: node.host, permissions }),
    stopTimeoutMs: lifecycle.stopTimeoutMs,
    lifecycle,
  }
}

/** A server named by an endpoint whose permission is an administrator's; that it was checked is the contract's doing. */
export async function administered(ctx: Pick<Context, 'db'>, ref: string): Promise<AuthorizedServer> {
  const row = await ctx.db
    .selectFrom('servers')
    .select(['id', 'uuid'])
    .where(ref.length === 8 ? 'short_id' : 'uuid', '=', ref)
    .executeTakeFirst()
  if (!row) throw new AppError('SERVER_NOT_FOUND', { id: ref })
  return { ...row, permissions: ['*'] }
}
