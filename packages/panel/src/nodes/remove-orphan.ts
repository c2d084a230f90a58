import { actorOf, requesterOf } from '../activity/actor.ts'
import type { RequestContext } from '../context.ts'
import { nextGeneration } from '../servers/touch-server.ts'
import { clearTombstone, lockOrphan, type OrphanPath } from './lock-orphan.ts'

/**
 * Decides that a node shall remove an orphan. Nothing but this tombstone ever removes one (RULES 1); it waits for a node that
 * is away. Asked again while that is under way, it answers the same operation.
 */
export async function removeOrphan(ctx: RequestContext, path: OrphanPath): Promise<{ operation: string }> {
  const operation = await ctx.store.transaction(async (trx) => {
    const { node, removal } = await lockOrphan(ctx, trx, path)
    if (removal !== null) return removal
    await clearTombstone(trx, path.server, node.id)

    const generation = await nextGeneration(trx, node.id)
    const uuid = await ctx.operations.create(trx, {
      kind: 'delete',
      class: 'resumable',
      method: 'server.delete',
      params: { server: path.server, generation },
      serverId: null,
      nodeId: node.id,
      userId: actorOf(ctx).userId,
      requestedBy: requesterOf(ctx),
      permission: 'admin:servers.delete',
      lifetimeMs: null,
      canCancel: false,
    })
    await trx
      .insertInto('tombstones')
      .values({
        server_uuid: path.server,
        node_id: node.id,
        generation_epoch: generation.epoch,
        generation_n: generation.n,
        operation_uuid: uuid,
        created_at: ctx.now(),
        confirmed_at: null,
      })
      .execute()
    await ctx.events.append(trx, {
      type: 'node:orphan-remove',
      ...actorOf(ctx),
      nodeId: node.id,
      data: { server: path.server, operation: uuid },
    })
    return uuid
  })
  ctx.operations.dispatch(operation)
  return { operation }
}
