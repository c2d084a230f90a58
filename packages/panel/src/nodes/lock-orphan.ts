import { AppError } from '@hatchery/core/errors'
import type { Selectable, Transaction } from 'kysely'
import type { RequestContext } from '../context.ts'
import type { Database } from '../storage/schema.ts'
import type { NodesTable } from '../storage/tables/nodes.ts'
import { findOrphan, type Orphan } from './orphans.ts'

/** An orphan as the path of a request names it. */
export interface OrphanPath {
  readonly node: string
  readonly server: string
}

export interface LockedOrphan {
  readonly node: Selectable<NodesTable>
  readonly orphan: Orphan
  /** The operation that removes it; null when there is none, or when the node refused it. */
  readonly removal: string | null
}

/**
 * Locks the node of an orphan and checks that somebody may decide about it: the panel knows the server nowhere, and the node
 * is not in recovery.
 * @throws AppError `NODE_NOT_FOUND`, `NODE_IN_RECOVERY`, `ORPHAN_NOT_FOUND`, `ORPHAN_ELSEWHERE`
 */
export async function lockOrphan(
  ctx: RequestContext,
  trx: Transaction<Database>,
  { node: nodeUuid, server }: OrphanPath,
): Promise<LockedOrphan> {
  const found = await trx.selectFrom('nodes').select('id').where('uuid', '=', nodeUuid).executeTakeFirst()
  if (!found) throw new AppError('NODE_NOT_FOUND', { id: nodeUuid })
  await ctx.store.lockRow(trx, 'nodes', found.id)
  const node = await trx.selectFrom('nodes').selectAll().where('id', '=', found.id).executeTakeFirstOrThrow()
  if (node.is_recovery === 1) throw new AppError('NODE_IN_RECOVERY', { node: node.name })
  const orphan = await findOrphan(trx, node.id, server)
  if (!orphan) throw new AppError('ORPHAN_NOT_FOUND', { node: node.name, id: server })
  const home = await trx
    .selectFrom('servers')
    .innerJoin('nodes', 'nodes.id', 'servers.node_id')
    .select('nodes.name')
    .where('servers.uuid', '=', server)
    .executeTakeFirst()
  if (home) throw new AppError('ORPHAN_ELSEWHERE', { id: server, node: home.name })
  return { node, orphan, removal: await findRemoval(trx, server, node.id) }
}

/**
 * Makes room for a new decision about a server that was deleted from another node before: that node has confirmed it.
 * @throws AppError `ORPHAN_ELSEWHERE` while it has not
 */
export async function clearTombstone(trx: Transaction<Database>, server: string, nodeId: number): Promise<void> {
  const tombstone = await trx
    .selectFrom('tombstones')
    .innerJoin('nodes', 'nodes.id', 'tombstones.node_id')
    .select(['tombstones.id', 'tombstones.node_id', 'tombstones.confirmed_at', 'nodes.name'])
    .where('tombstones.server_uuid', '=', server)
    .executeTakeFirst()
  const isOpen = tombstone !== undefined && tombstone.confirmed_at === null
  if (isOpen && tombstone.node_id !== nodeId)
    throw new AppError('ORPHAN_ELSEWHERE', { id: server, node: tombstone.name })
  await trx.deleteFrom('tombstones').where('server_uuid', '=', server).execute()
}

async function findRemoval(trx: Transaction<Database>, server: string, nodeId: number): Promise<string | null> {
  const row = await trx
    .selectFrom('tombstones')
    .innerJoin('operations', 'operations.uuid', 'tombstones.operation_uuid')
    .select('operations.uuid')
    .where('tombstones.server_uuid', '=', server)
    .where('tombstones.node_id', '=', nodeId)
    .where('operations.status', 'in', ['pending', 'running'])
    .executeTakeFirst()
  return row?.uuid ?? null
}
