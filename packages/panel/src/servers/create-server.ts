import type { BodyOf, createServer as CreateServer, ResponseOf } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import type { Transaction } from 'kysely'
import { actorOf, requesterOf } from '../activity/actor.ts'
import type { RequestContext } from '../context.ts'
import { orExists } from '../storage/or-exists.ts'
import type { Database } from '../storage/schema.ts'
import { newServerUuid } from '../storage/uuid.ts'
import { insertServer, readWanted } from './insert-server.ts'
import { placeOnNode, requireCapacity } from './place.ts'
import { readServer } from './read-server.ts'
import type { ServerHint } from './touch-server.ts'

type Body = BodyOf<typeof CreateServer>

/**
 * Creates a server and starts its installation. Everything is written in one transaction; the node learns of it at once, or
 * when it connects.
 */
export async function createServer(ctx: RequestContext, body: Body): Promise<ResponseOf<typeof CreateServer>> {
  const wanted = await readWanted(ctx, body)
  const node = await nodeOf(ctx, body)

  const create = () =>
    ctx.store.transaction(async (trx, afterCommit) => {
      await ctx.store.lockRow(trx, 'nodes', node.id)
      await requireCapacity(trx, node.id, body.limits)
      const uuid = await drawUuid(trx)
      const { id } = await insertServer(ctx, trx, { ...wanted, uuid, node, body, install: 'installing' })
      const operation = await ctx.operations.create(trx, {
        kind: 'install',
        class: 'resumable',
        method: 'server.install',
        params: {
          server: uuid,
          isReinstall: false,
          skipScript: body.skipInstallScript === true,
          startWhenInstalled: body.startWhenInstalled === true,
        },
        serverId: id,
        nodeId: node.id,
        userId: actorOf(ctx).userId,
        requestedBy: requesterOf(ctx),
        permission: 'admin:servers.create',
        lifetimeMs: null,
        canCancel: true,
      })
      await trx.updateTable('servers').set({ operation_uuid: operation }).where('id', '=', id).execute()
      await ctx.events.append(trx, {
        type: 'server:created',
        ...actorOf(ctx),
        serverId: id,
        nodeId: node.id,
        data: { server: uuid, name: body.name, egg: body.egg },
      })
      afterCommit(() => ctx.bus.publish('servers', { id, uuid } satisfies ServerHint))
      return { id, uuid, operation }
    })
  const created = await orExists(
    create(),
    () => new AppError('EXTERNAL_ID_EXISTS', { externalId: body.externalId ?? '' }),
  )

  const server = await readServer(ctx, { id: created.id, uuid: created.uuid, permissions: ['*'] })
  ctx.operations.dispatch(created.operation)
  return { server, operation: created.operation }
}

async function nodeOf(ctx: RequestContext, body: Body): Promise<{ id: number; name: string }> {
  let uuid = body.node
  if (uuid === undefined && body.allocation !== undefined) {
    const row = await ctx.db
      .selectFrom('allocations')
      .innerJoin('nodes', 'nodes.id', 'allocations.node_id')
      .select('nodes.uuid')
      .where('allocations.uuid', '=', body.allocation)
      .executeTakeFirst()
    if (!row) throw new AppError('ALLOCATION_NOT_FOUND', { id: body.allocation })
    uuid = row.uuid
  }
  if (uuid === undefined) {
    const allocationCount = 1 + (body.additionalAllocations?.length ?? 0)
    const placement = await placeOnNode(ctx, { limits: body.limits, allocationCount })
    if (placement.node === null) {
      const reason = placement.considered.map(({ name, reason: why }) => `${name}: ${why}`).join(' ')
      throw new AppError('NO_NODE_FITS', { reason: reason || 'there are no nodes.', considered: placement.considered })
    }
    uuid = placement.node
  }
  const node = await ctx.db.selectFrom('nodes').select(['id', 'name']).where('uuid', '=', uuid).executeTakeFirst()
  if (!node) throw new AppError('NODE_NOT_FOUND', { id: uuid })
  return node
}

/** The first eight characters are unique as well; among 50,000 servers one draw in 85,000 clashes. */
async function drawUuid(trx: Transaction<Database>): Promise<string> {
  for (;;) {
    const uuid = newServerUuid()
    const clash = await trx
      .selectFrom('servers')
      .select('id')
      .where('short_id', '=', uuid.slice(0, 8))
      .executeTakeFirst()
    if (!clash) return uuid
  }
}
