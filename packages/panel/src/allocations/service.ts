import { AppError } from '@hatchery/core/errors'
import { expandAddresses, formatAddress, parsePorts } from '@hatchery/core/allocations'
import type {
  Allocation,
  BodyOf,
  createAllocations as CreateAllocations,
  QueryOf,
  listAllocations as ListAllocations,
} from '@hatchery/core/api'
import { actorOf } from '../activity/actor.ts'
import type { Context, RequestContext } from '../context.ts'
import { decodeCursor, encodeCursor } from '../http/cursor.ts'
import { newUuid } from '../storage/uuid.ts'

/** What one request may add; more is a typing mistake in a range. */
const MAX_AT_ONCE = 5_000
const ROWS_PER_INSERT = 500

export async function listAllocations(ctx: RequestContext, nodeUuid: string, query: QueryOf<typeof ListAllocations>) {
  const node = await findNode(ctx, nodeUuid)
  const limit = query.limit ?? 25
  let select = selectAllocations(ctx)
    .where('allocations.node_id', '=', node.id)
    .orderBy('allocations.id')
    .limit(limit + 1)
  if (query.cursor !== undefined) {
    select = select.where('allocations.id', '>', decodeCursor(query.cursor, 'number')[0])
  }
  if (query.free === true) select = select.where('allocations.server_id', 'is', null)
  if (query.free === false) select = select.where('allocations.server_id', 'is not', null)
  const rows = await select.execute()
  const page = rows.slice(0, limit)
  return { data: page.map(toAllocation), nextCursor: rows.length > limit ? encodeCursor(page.at(-1)!.id) : null }
}

export function selectAllocations(ctx: Pick<Context, 'db'>) {
  return ctx.db
    .selectFrom('allocations')
    .innerJoin('nodes', 'nodes.id', 'allocations.node_id')
    .leftJoin('servers', 'servers.id', 'allocations.server_id')
    .select([
      'allocations.id',
      'allocations.uuid',
      'allocations.ip',
      'allocations.port',
      'allocations.alias',
      'allocations.notes',
      'nodes.uuid as node_uuid',
      'servers.uuid as server_uuid',
      'servers.name as server_name',
      'servers.primary_allocation_id',
    ])
}

type Row = Awaited<ReturnType<ReturnType<typeof selectAllocations>['execute']>>[number]

export function toAllocation(row: Row): Allocation {
  return {
    id: row.uuid,
    node: row.node_uuid,
    ip: row.ip,
    port: row.port,
    alias: row.alias,
    notes: row.notes,
    server: row.server_uuid,
    serverName: row.server_name,
    isPrimary: row.primary_allocation_id === row.id,
  }
}

/** Adds every address of the range that is not there yet, and says how many were. */
export async function createAllocations(
  ctx: RequestContext,
  nodeUuid: string,
  body: BodyOf<typeof CreateAllocations>,
): Promise<{ created: number; existing: number }> {
  const wanted = expandRange(body)
  return ctx.store.transaction(async (trx) => {
    const node = await trx.selectFrom('nodes').select('id').where('uuid', '=', nodeUuid).executeTakeFirst()
    if (!node) throw new AppError('NODE_NOT_FOUND', { id: nodeUuid })
    await ctx.store.lockRow(trx, 'nodes', node.id)
    const rows = await trx
      .selectFrom('allocations')
      .select(['ip', 'port'])
      .where('node_id', '=', node.id)
      .where('ip', 'in', [...new Set(wanted.map(({ ip }) => ip))])
      .execute()
    const taken = new Set(rows.map(({ ip, port }) => `${ip} ${port}`))
    const missing = wanted.filter(({ ip, port }) => !taken.has(`${ip} ${port}`))
    for (let from = 0; from < missing.length; from += ROWS_PER_INSERT) {
      const values = missing.slice(from, from + ROWS_PER_INSERT).map(({ ip, port }) => ({
        uuid: newUuid(),
        node_id: node.id,
        ip,
        port,
        alias: body.alias ?? null,
        notes: null,
        server_id: null,
        created_at: ctx.now(),
      }))
      await trx.insertInto('allocations').values(values).execute()
    }
    if (missing.length > 0) {
      await ctx.events.append(trx, {
        type: 'allocation:created',
        ...actorOf(ctx),
        nodeId: node.id,
        data: { ip: body.ip, ports: body.ports, count: missing.length },
      })
    }
    return { created: missing.length, existing: wanted.length - missing.length }
  })
}

function expandRange({ ip, ports }: BodyOf<typeof CreateAllocations>): readonly { ip: string; port: number }[] {
  const addresses = expandAddresses(ip)
  const numbers = parsePorts(ports)
  if (addresses.length * numbers.length > MAX_AT_ONCE) {
    throw new AppError('ALLOCATION_RANGE_INVALID', { reason: `it has more than ${MAX_AT_ONCE} addresses` })
  }
  return addresses.flatMap((address) => numbers.map((port) => ({ ip: address, port })))
}

export async function deleteAllocation(
  ctx: RequestContext,
  nodeUuid: string,
  uuid: string,
): Promise<Record<string, never>> {
  const node = await findNode(ctx, nodeUuid)
  await ctx.store.transaction(async (trx) => {
    // The condition is part of the deletion: a server that takes the address meanwhile keeps it.
    const { numDeletedRows } = await trx
      .deleteFrom('allocations')
      .where('uuid', '=', uuid)
      .where('node_id', '=', node.id)
      .where('server_id', 'is', null)
      .executeTakeFirst()
    if (numDeletedRows > 0n) {
      await ctx.events.append(trx, {
        type: 'allocation:deleted',
        ...actorOf(ctx),
        nodeId: node.id,
        data: { allocation: uuid },
      })
      return
    }
    const allocation = await trx
      .selectFrom('allocations')
      .select(['ip', 'port'])
      .where('uuid', '=', uuid)
      .where('node_id', '=', node.id)
      .executeTakeFirst()
    if (!allocation) throw new AppError('ALLOCATION_NOT_FOUND', { id: uuid })
    throw new AppError('ALLOCATION_IN_USE', { address: formatAddress(allocation.ip, allocation.port) })
  })
  return {}
}

async function findNode(ctx: Pick<Context, 'db'>, uuid: string): Promise<{ id: number }> {
  const node = await ctx.db.selectFrom('nodes').select('id').where('uuid', '=', uuid).executeTakeFirst()
  if (!node) throw new AppError('NODE_NOT_FOUND', { id: uuid })
  return node
}
