import type { Context } from '../context.ts'
import { forgetOrphan } from '../nodes/orphans.ts'
import { finishOperation } from '../operations/finish-operation.ts'
import type { Change, ServerHint } from './touch-server.ts'

/**
 * The node says that a server is gone. Only a server that has a tombstone is removed: a node never deletes anything of the
 * panel by itself (RULES 1).
 */
export async function confirmDeletion(
  ctx: Pick<Context, 'bus' | 'events' | 'now' | 'revocations'>,
  change: Change,
  nodeId: number,
  uuid: string,
): Promise<void> {
  const { trx, afterCommit } = change
  const tombstone = await trx
    .selectFrom('tombstones')
    .select(['id', 'operation_uuid', 'confirmed_at'])
    .where('server_uuid', '=', uuid)
    .where('node_id', '=', nodeId)
    .executeTakeFirst()
  if (!tombstone) return
  if (tombstone.confirmed_at === null) {
    await trx.updateTable('tombstones').set({ confirmed_at: ctx.now() }).where('id', '=', tombstone.id).execute()
  }
  const operation = await trx
    .selectFrom('operations')
    .selectAll()
    .where('uuid', '=', tombstone.operation_uuid)
    .executeTakeFirst()
  if (operation) {
    const end = { status: 'succeeded', error: null, at: ctx.now(), isFromNode: true } as const
    await finishOperation(ctx, change, operation, end)
  }

  const server = await trx
    .selectFrom('servers')
    .select(['id', 'name'])
    .where('uuid', '=', uuid)
    .where('node_id', '=', nodeId)
    .executeTakeFirst()
  if (!server) {
    if (!(await forgetOrphan(trx, nodeId, uuid))) return
    await ctx.events.append(trx, { type: 'node:orphan-removed', nodeId, data: { server: uuid } })
    afterCommit(() => ctx.bus.publish('nodes', { id: nodeId }))
    return
  }
  const users = await trx
    .selectFrom('server_access')
    .innerJoin('users', 'users.id', 'server_access.user_id')
    .select('users.uuid')
    .distinct()
    .where('server_access.server_id', '=', server.id)
    .execute()
  await trx.updateTable('allocations').set({ server_id: null }).where('server_id', '=', server.id).execute()
  await trx.deleteFrom('server_access').where('server_id', '=', server.id).execute()
  await trx.deleteFrom('subusers').where('server_id', '=', server.id).execute()
  await trx.deleteFrom('servers').where('id', '=', server.id).execute()
  await ctx.events.append(trx, {
    type: 'server:deleted',
    nodeId,
    data: { server: uuid, name: server.name, users: users.map((user) => user.uuid) },
  })
  await ctx.revocations.revoke(trx, 'server', uuid)
  afterCommit(() => ctx.bus.publish('servers', { id: server.id, uuid } satisfies ServerHint))
}
