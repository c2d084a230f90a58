import type { Kysely } from 'kysely'
import type { Egg } from '@hatchery/core/eggs'
import type { Context } from '../context.ts'
import type { Database } from '../storage/schema.ts'
import type { SpecSource } from './build-spec.ts'
import { openVariable } from './secret-variables.ts'

/**
 * Reads all that the spec of a server is made of, with secret variables in clear; null when the server is gone.
 *
 * @param db the open transaction, if there is one
 */
export async function loadSpecSource(
  ctx: Pick<Context, 'db' | 'secrets'>,
  serverId: number,
  db: Kysely<Database> = ctx.db,
): Promise<SpecSource | null> {
  const server = await db.selectFrom('servers').selectAll().where('id', '=', serverId).executeTakeFirst()
  if (!server) return null
  const egg = await db.selectFrom('eggs').select('model').where('id', '=', server.egg_id).executeTakeFirstOrThrow()
  const location = await db
    .selectFrom('nodes')
    .innerJoin('locations', 'locations.id', 'nodes.location_id')
    .select('locations.name')
    .where('nodes.id', '=', server.node_id)
    .executeTakeFirstOrThrow()
  const variables = await db
    .selectFrom('server_variables')
    .select(['env_variable', 'value'])
    .where('server_id', '=', serverId)
    .execute()
  const allocations = await db
    .selectFrom('allocations')
    .select(['id', 'ip', 'port', 'alias'])
    .where('server_id', '=', serverId)
    .orderBy('id')
    .execute()
  const holds = await db.selectFrom('server_holds').select('kind').where('server_id', '=', serverId).execute()

  return {
    server,
    egg: JSON.parse(egg.model) as Egg,
    variables: Object.fromEntries(
      variables.map(({ env_variable: name, value }) => [name, openVariable(ctx, server.uuid, name, value)]),
    ),
    allocations,
    holds: holds.map(({ kind }) => kind).toSorted(),
    location: location.name,
    timezone: 'UTC',
  }
}
