import type {
  BodyOf,
  Server,
  updateServer as UpdateServer,
  updateServerBuild as UpdateServerBuild,
} from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import type { Selectable, Transaction } from 'kysely'
import { raiseAccess } from '../access/raise-access.ts'
import { actorOf } from '../activity/actor.ts'
import type { AuthorizedServer, RequestContext } from '../context.ts'
import { checkRevision } from '../http/revision.ts'
import { orExists } from '../storage/or-exists.ts'
import type { Database } from '../storage/schema.ts'
import type { ServersTable } from '../storage/tables/servers.ts'
import { limitColumns } from './build-spec.ts'
import { requireFreeExternalId } from './insert-server.ts'
import { lockServer } from './lock-server.ts'
import { requireCapacity } from './place.ts'
import { readServer } from './read-server.ts'
import { raiseGeneration, touchServer } from './touch-server.ts'

export async function renameServer(
  ctx: RequestContext,
  server: AuthorizedServer,
  body: BodyOf<typeof UpdateServer>,
  ifMatch: number | null,
): Promise<Server> {
  await ctx.store.transaction(async (trx, afterCommit) => {
    const row = await lockServer(ctx, trx, server)
    checkRevision(ifMatch, row.revision)
    const { name = row.name, description = row.description } = body
    await trx.updateTable('servers').set({ name, description }).where('id', '=', server.id).execute()
    // Eggs may use the name in the environment and in configuration files.
    await raiseGeneration(trx, row)
    await touchServer(ctx, { trx, afterCommit }, row, 'person')
    await ctx.events.append(trx, {
      type: 'server:renamed',
      ...actorOf(ctx),
      serverId: server.id,
      data: { from: row.name, to: name },
    })
  })
  ctx.operations.applySpec(server.id)
  return readServer(ctx, server)
}

/** Owner, limits and external id, each in the same transaction as what follows from it. */
export async function updateBuild(
  ctx: RequestContext,
  server: AuthorizedServer,
  body: BodyOf<typeof UpdateServerBuild>,
  ifMatch: number | null,
): Promise<Server> {
  const change = ctx.store.transaction(async (trx, afterCommit) => {
    const row = await lockServer(ctx, trx, server)
    checkRevision(ifMatch, row.revision)
    if (body.limits) {
      await requireCapacity(trx, row.node_id, body.limits, row.id)
      await trx.updateTable('servers').set(limitColumns(body.limits)).where('id', '=', row.id).execute()
      await raiseGeneration(trx, row)
    }
    if (body.externalId !== undefined) {
      await requireFreeExternalId(trx, body.externalId, row.id)
      await trx.updateTable('servers').set({ external_id: body.externalId }).where('id', '=', row.id).execute()
    }
    if (body.owner !== undefined) await changeOwner(ctx, trx, row, body.owner)
    await touchServer(ctx, { trx, afterCommit }, row, 'person')
    await ctx.events.append(trx, {
      type: 'server:build.updated',
      ...actorOf(ctx),
      serverId: server.id,
      data: { ...body },
    })
  })
  await orExists(change, () => new AppError('EXTERNAL_ID_EXISTS', { externalId: body.externalId ?? '' }))
  ctx.operations.applySpec(server.id)
  return readServer(ctx, server)
}

/** Moves the access with the ownership; what the owner before had open ends. */
async function changeOwner(
  ctx: RequestContext,
  trx: Transaction<Database>,
  row: Selectable<ServersTable>,
  uuid: string,
): Promise<void> {
  const owner = await trx.selectFrom('users').select('id').where('uuid', '=', uuid).executeTakeFirst()
  if (!owner) throw new AppError('USER_NOT_FOUND', { id: uuid })
  if (owner.id === row.owner_id) return
  await trx.updateTable('servers').set({ owner_id: owner.id }).where('id', '=', row.id).execute()
  // An owner needs no further access, and has no subuser row to lose later.
  await trx.deleteFrom('subusers').where('server_id', '=', row.id).where('user_id', '=', owner.id).execute()
  await trx.deleteFrom('server_access').where('server_id', '=', row.id).where('user_id', '=', owner.id).execute()
  await trx.deleteFrom('server_access').where('server_id', '=', row.id).where('source', '=', 'owner').execute()
  await trx
    .insertInto('server_access')
    .values({ user_id: owner.id, server_id: row.id, source: 'owner', permissions: '["*"]' })
    .execute()
  const before = await trx.selectFrom('users').select(['id', 'uuid']).where('id', '=', row.owner_id).executeTakeFirst()
  if (before) await raiseAccess(ctx, trx, before, row)
  await ctx.revocations.revoke(trx, 'server', row.uuid)
}
