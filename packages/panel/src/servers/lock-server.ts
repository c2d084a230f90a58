import { AppError } from '@hatchery/core/errors'
import type { Selectable, Transaction } from 'kysely'
import type { AuthorizedServer, Context } from '../context.ts'
import type { Database } from '../storage/schema.ts'
import type { ServersTable } from '../storage/tables/servers.ts'

/**
 * Locks a server for a change, its node first: reports of the node take the same locks in the same order, so that nobody waits
 * for each other.
 * @throws AppError `SERVER_NOT_FOUND`
 */
export async function lockServer(
  ctx: Pick<Context, 'store'>,
  trx: Transaction<Database>,
  server: Pick<AuthorizedServer, 'id' | 'uuid'>,
): Promise<Selectable<ServersTable>> {
  const found = await trx.selectFrom('servers').select('node_id').where('id', '=', server.id).executeTakeFirst()
  if (!found) throw new AppError('SERVER_NOT_FOUND', { id: server.uuid })
  await ctx.store.lockRow(trx, 'nodes', found.node_id)
  await ctx.store.lockRow(trx, 'servers', server.id)
  const row = await trx.selectFrom('servers').selectAll().where('id', '=', server.id).executeTakeFirst()
  if (!row) throw new AppError('SERVER_NOT_FOUND', { id: server.uuid })
  return row
}
