import { placeServer, type PlacementNode, type PlacementResult } from '@hatchery/core/allocations'
import type { BodyOf, planServer as PlanServer, ResponseOf } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import type { Kysely, Transaction } from 'kysely'
import type { RequestContext } from '../context.ts'
import { nodeStatus, selectNodes, toNode } from '../nodes/node-view.ts'
import type { Database } from '../storage/schema.ts'
import { chooseFree } from './take-allocations.ts'

type Wanted = Pick<BodyOf<typeof PlanServer>, 'node' | 'limits'> & { readonly allocationCount?: number }

/** Which node takes a server, and why; the decision is core's, the facts are the panel's. */
export async function placeOnNode(ctx: Pick<RequestContext, 'db'>, wanted: Wanted): Promise<PlacementResult> {
  const rows = await selectNodes(ctx).orderBy('nodes.id').execute()
  const nodes = rows.map((row): PlacementNode => {
    const node = toNode(row)
    return {
      id: node.id,
      name: node.name,
      isOnline: nodeStatus(row) === 'online',
      isMaintenance: node.isMaintenance,
      location: node.location,
      capacity: capacityOf(row),
      allocated: node.allocated,
      freeAllocationCount: node.freeAllocationCount,
    }
  })
  return placeServer(nodes, {
    limits: wanted.limits,
    ...(wanted.node !== undefined && { node: wanted.node }),
    ...(wanted.allocationCount !== undefined && { allocationCount: wanted.allocationCount }),
  })
}

interface CapacityColumns {
  readonly memory_mib: number
  readonly memory_overallocate_percent: number
  readonly disk_mib: number
  readonly disk_overallocate_percent: number
  readonly cpu_percent: number
}

/** What may be given away: an over-allocation of −1 is no limit, as in Pterodactyl. */
function capacityOf(node: CapacityColumns) {
  const over = (value: number, percent: number) => (percent < 0 ? 0 : Math.floor((value * (100 + percent)) / 100))
  return {
    memoryMiB: over(node.memory_mib, node.memory_overallocate_percent),
    diskMiB: over(node.disk_mib, node.disk_overallocate_percent),
    cpuPercent: node.cpu_percent,
  }
}

export async function planServer(
  ctx: RequestContext,
  body: BodyOf<typeof PlanServer>,
): Promise<ResponseOf<typeof PlanServer>> {
  const egg = await ctx.db.selectFrom('eggs').select('id').where('uuid', '=', body.egg).executeTakeFirst()
  if (!egg) throw new AppError('EGG_NOT_FOUND', { id: body.egg })
  const placement = await placeOnNode(ctx, body)
  const considered = placement.considered.map((node) => ({ ...node }))
  const chosen = considered.find(({ node }) => node === placement.node)
  if (!chosen) return { node: null, allocation: null, considered }

  const node = await ctx.db.selectFrom('nodes').select('id').where('uuid', '=', chosen.node).executeTakeFirstOrThrow()
  const allocation = await chooseFree(ctx.db, node.id, body.allocation)
  return {
    node: { id: chosen.node, name: chosen.name },
    allocation: allocation ? { id: allocation.uuid, address: allocation.address } : null,
    considered,
  }
}

const RESOURCES = [
  ['memoryMiB', 'memory', 'memory_mib'],
  ['diskMiB', 'disk', 'disk_mib'],
  ['cpuPercent', 'CPU', 'cpu_percent'],
] as const

/**
 * Checks, under the lock of the node's row, that it has room for these limits.
 * @param except a server whose present limits do not count, because they are being replaced
 * @throws AppError `NODE_FULL`
 */
export async function requireCapacity(
  trx: Transaction<Database> | Kysely<Database>,
  nodeId: number,
  limits: { readonly memoryMiB: number; readonly diskMiB: number; readonly cpuPercent: number },
  except?: number,
): Promise<void> {
  const node = await trx
    .selectFrom('nodes')
    .select([
      'name',
      'memory_mib',
      'memory_overallocate_percent',
      'disk_mib',
      'disk_overallocate_percent',
      'cpu_percent',
    ])
    .where('id', '=', nodeId)
    .executeTakeFirstOrThrow()
  let used = trx
    .selectFrom('servers')
    .select(({ fn }) => [
      fn.sum<number | string | null>('memory_mib').as('memory_mib'),
      fn.sum<number | string | null>('disk_mib').as('disk_mib'),
      fn.sum<number | string | null>('cpu_percent').as('cpu_percent'),
    ])
    .where('node_id', '=', nodeId)
  if (except !== undefined) used = used.where('id', '!=', except)
  const sums = await used.executeTakeFirstOrThrow()
  const capacity = capacityOf(node)
  for (const [key, resource, column] of RESOURCES) {
    const free = capacity[key] - Number(sums[column] ?? 0)
    if (capacity[key] > 0 && limits[key] > 0 && limits[key] > free) {
      throw new AppError('NODE_FULL', { node: node.name, resource, free: Math.max(0, free), wanted: limits[key] })
    }
  }
}
