import type { Transaction } from 'kysely'
import type { ServerReport } from '@hatchery/core/protocol'
import type { Context } from '../context.ts'
import type { Database } from '../storage/schema.ts'

/** A server that a node keeps and the panel does not know there. */
export interface Orphan {
  readonly server: string
  readonly state: string
  readonly at: number
}

/** A node that makes servers up fills no database; those beyond it are counted by nobody and stay on the node. */
const MAX_ORPHANS = 500

const nameOf = (nodeId: number, server: string): string => `orphan:${nodeId}:${server}`

/**
 * Lists a server of a node that the panel does not know there. Nothing is sent: absence never means delete (RULES 1). A server
 * with a tombstone is none: its deletion is on its way.
 */
export async function noteOrphan(
  ctx: Pick<Context, 'events' | 'now'>,
  trx: Transaction<Database>,
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
  const known = await trx.selectFrom('settings').select('name').where('name', '=', name).executeTakeFirst()
  const value = JSON.stringify({ server: report.server, state: report.state, at: ctx.now() } satisfies Orphan)
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

/** The orphans that a node has reported. */
export async function listOrphans(ctx: Pick<Context, 'db'>, nodeId: number): Promise<readonly Orphan[]> {
  const rows = await ctx.db
    .selectFrom('settings')
    .select('value')
    .where('name', 'like', nameOf(nodeId, '%'))
    .orderBy('name')
    .execute()
  return rows.map(({ value }) => JSON.parse(value) as Orphan)
}
