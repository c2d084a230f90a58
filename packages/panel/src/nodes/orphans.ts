import type { Kysely, Transaction } from 'kysely'
import type { ServerReport } from '@hatchery/core/protocol'
import type { Context } from '../context.ts'
import type { Change } from '../servers/touch-server.ts'
import type { Database } from '../storage/schema.ts'

/** A server that a node keeps and the panel does not know there. */
export interface Orphan {
  readonly server: string
  readonly state: ServerReport['state']
  /** When the node last said so. */
  readonly at: number
  /** What the node calls it; null when it has no specification of it. */
  readonly name: string | null
  /** Highest authority over it that the node has held; 0 for none. */
  readonly authorityEpoch: number
}

/** A node that makes servers up fills no database; those beyond it are counted by nobody and stay on the node. */
const MAX_ORPHANS = 500
const MAX_NAME = 191

const nameOf = (nodeId: number, server: string): string => `orphan:${nodeId}:${server}`

/**
 * Lists a server of a node that the panel does not know there. Nothing is sent: absence never means delete (RULES 1). A server
 * with a tombstone is none: its deletion is on its way.
 */
export async function noteOrphan(
  ctx: Pick<Context, 'bus' | 'events' | 'now'>,
  { trx, afterCommit }: Change,
  nodeId: number,
  report: ServerReport,
): Promise<void> {
  const tombstone = await trx
    .selectFrom('tombstones')
    .select('id')
    .where('server_uuid', '=', report.server)
    .where('node_id', '=', nodeId)
    .executeTakeFirst()
  if (tombstone) return
  const name = nameOf(nodeId, report.server)
  const known = await findOrphan(trx, nodeId, report.server)
  if (known?.state !== report.state) afterCommit(() => ctx.bus.publish('nodes', { id: nodeId }))
  const value = JSON.stringify({
    server: report.server,
    state: report.state,
    at: ctx.now(),
    name: report.name?.slice(0, MAX_NAME) ?? null,
    authorityEpoch: report.authorityEpoch ?? 0,
  } satisfies Orphan)
  if (known) {
    await trx.updateTable('settings').set({ value, updated_at: ctx.now() }).where('name', '=', name).execute()
    return
  }
  const { count } = await trx
    .selectFrom('settings')
    .select((eb) => eb.fn.countAll().as('count'))
    .where('name', 'like', nameOf(nodeId, '%'))
    .executeTakeFirstOrThrow()
  if (Number(count) >= MAX_ORPHANS) return
  await trx.insertInto('settings').values({ name, value, updated_at: ctx.now() }).execute()
  await ctx.events.append(trx, {
    type: 'node:orphan-found',
    nodeId,
    data: { server: report.server, state: report.state },
  })
}

/** The orphans that a node has reported, ordered by their id. @param after the last id of the page before */
export async function readOrphans(
  db: Kysely<Database>,
  nodeId: number,
  { after, limit }: { readonly after: string | null; readonly limit: number },
): Promise<readonly Orphan[]> {
  let select = db.selectFrom('settings').select('value').where('name', 'like', nameOf(nodeId, '%'))
  if (after !== null) select = select.where('name', '>', nameOf(nodeId, after))
  const rows = await select.orderBy('name').limit(limit).execute()
  return rows.map(({ value }) => JSON.parse(value) as Orphan)
}

export async function findOrphan(db: Kysely<Database>, nodeId: number, server: string): Promise<Orphan | null> {
  const name = nameOf(nodeId, server)
  const row = await db.selectFrom('settings').select('value').where('name', '=', name).executeTakeFirst()
  return row ? (JSON.parse(row.value) as Orphan) : null
}

/** Somebody decided about the orphan. @returns whether it was listed */
export async function forgetOrphan(trx: Transaction<Database>, nodeId: number, server: string): Promise<boolean> {
  const name = nameOf(nodeId, server)
  const { numDeletedRows } = await trx.deleteFrom('settings').where('name', '=', name).executeTakeFirst()
  return numDeletedRows > 0n
}

/** Of a node that is gone, or that has just listed everything it has: all but these. */
export async function forgetOrphansExcept(
  trx: Transaction<Database>,
  nodeId: number,
  kept: ReadonlySet<string>,
): Promise<void> {
  const rows = await trx.selectFrom('settings').select('name').where('name', 'like', nameOf(nodeId, '%')).execute()
  const gone = rows.map(({ name }) => name).filter((name) => !kept.has(name.slice(nameOf(nodeId, '').length)))
  if (gone.length > 0) await trx.deleteFrom('settings').where('name', 'in', gone).execute()
}
