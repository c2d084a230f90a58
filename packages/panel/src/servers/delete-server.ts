import { AppError } from '@hatchery/core/errors'
import { actorOf, requesterOf } from '../activity/actor.ts'
import type { AuthorizedServer, RequestContext } from '../context.ts'
import { finishOperation } from '../operations/finish-operation.ts'
import { confirmDeletion } from './confirm-deletion.ts'
import { lockServer } from './lock-server.ts'
import { nextGeneration, touchServer } from './touch-server.ts'

/**
 * Decides the deletion of a server: a tombstone now, the rows when the node has confirmed that container and files are gone
 * (RULES 1). It waits for a node that is away, for as long as that takes.
 */
export async function deleteServer(ctx: RequestContext, server: AuthorizedServer): Promise<{ operation: string }> {
  const { operation, isDone } = await ctx.store.transaction(async (trx, afterCommit) => {
    const change = { trx, afterCommit }
    const row = await lockServer(ctx, trx, server)
    const tombstone = await trx
      .selectFrom('tombstones')
      .select('operation_uuid')
      .where('server_uuid', '=', row.uuid)
      .executeTakeFirst()
    if (tombstone) return { operation: tombstone.operation_uuid, isDone: false }
    const node = await trx
      .selectFrom('nodes')
      .select(['name', 'is_recovery', 'key_id', 'wings_token_id'])
      .where('id', '=', row.node_id)
      .executeTakeFirstOrThrow()
    if (node.is_recovery === 1) throw new AppError('NODE_IN_RECOVERY', { node: node.name })

    await cancelWork(ctx, change, row.id)
    const generation = await nextGeneration(trx, row.node_id)
    const uuid = await ctx.operations.create(trx, {
      kind: 'delete',
      class: 'resumable',
      method: 'server.delete',
      params: { server: row.uuid, generation },
      serverId: row.id,
      nodeId: row.node_id,
      userId: actorOf(ctx).userId,
      requestedBy: requesterOf(ctx),
      permission: 'admin:servers.delete',
      lifetimeMs: null,
      canCancel: false,
    })
    await trx
      .insertInto('tombstones')
      .values({
        server_uuid: row.uuid,
        node_id: row.node_id,
        generation_epoch: generation.epoch,
        generation_n: generation.n,
        operation_uuid: uuid,
        created_at: ctx.now(),
        confirmed_at: null,
      })
      .execute()
    await trx
      .updateTable('servers')
      .set({ is_deleting: 1, operation_uuid: uuid, generation_epoch: generation.epoch, generation_n: generation.n })
      .where('id', '=', row.id)
      .execute()
    await touchServer(ctx, change, row, 'person')
    await ctx.events.append(trx, {
      type: 'server:delete',
      ...actorOf(ctx),
      serverId: row.id,
      nodeId: row.node_id,
      data: { server: row.uuid, name: row.name, operation: uuid },
    })
    // No agent was ever enrolled on this node and no Wings configured, so nothing of the server can exist anywhere.
    const isNowhere = node.key_id === null && node.wings_token_id === null
    if (isNowhere) await confirmDeletion(ctx, change, row.node_id, row.uuid)
    return { operation: uuid, isDone: isNowhere }
  })
  if (!isDone) ctx.operations.dispatch(operation)
  return { operation }
}

/** What is under way on the server has lost its object. */
async function cancelWork(
  ctx: RequestContext,
  change: Parameters<typeof finishOperation>[1],
  serverId: number,
): Promise<void> {
  const active = await change.trx
    .selectFrom('operations')
    .selectAll()
    .where('server_id', '=', serverId)
    .where('status', 'in', ['pending', 'running'])
    .execute()
  for (const operation of active) {
    const end = { status: 'cancelled', error: null, at: ctx.now(), isFromNode: false } as const
    await finishOperation(ctx, change, operation, end)
  }
}
