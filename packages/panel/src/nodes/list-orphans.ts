import type { listOrphans as ListOrphans, QueryOf, ResponseOf } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import type { RequestContext } from '../context.ts'
import { decodeCursor, encodeCursor } from '../http/cursor.ts'
import { readOrphans } from './orphans.ts'

/** The servers that a node keeps and the panel does not know there, with what helps to decide about them. */
export async function listOrphans(
  ctx: RequestContext,
  nodeUuid: string,
  query: QueryOf<typeof ListOrphans>,
): Promise<ResponseOf<typeof ListOrphans>> {
  const node = await ctx.db.selectFrom('nodes').select('id').where('uuid', '=', nodeUuid).executeTakeFirst()
  if (!node) throw new AppError('NODE_NOT_FOUND', { id: nodeUuid })
  const limit = query.limit ?? 25
  const after = query.cursor === undefined ? null : decodeCursor(query.cursor, 'string')[0]
  const rows = await readOrphans(ctx.db, node.id, { after, limit: limit + 1 })
  const page = rows.slice(0, limit)
  const ids = page.map(({ server }) => server)
  const [homes, tombstones] = ids.length === 0 ? [[], []] : await Promise.all([homesOf(ctx, ids), gravesOf(ctx, ids)])
  const homeOf = new Map(homes.map(({ server, node: home, name }) => [server, { node: home, name }]))
  const removing = new Set(
    tombstones.filter(({ node_id }) => node_id === node.id).map(({ server_uuid }) => server_uuid),
  )
  return {
    data: page.map(({ server, name, state, at }) => ({
      server,
      name,
      state,
      seenAt: at,
      elsewhere: homeOf.get(server) ?? null,
      isRemoving: removing.has(server),
    })),
    nextCursor: rows.length > limit ? encodeCursor(ids.at(-1)!) : null,
  }
}

function homesOf(ctx: RequestContext, servers: readonly string[]) {
  return ctx.db
    .selectFrom('servers')
    .innerJoin('nodes', 'nodes.id', 'servers.node_id')
    .select(['servers.uuid as server', 'nodes.uuid as node', 'nodes.name as name'])
    .where('servers.uuid', 'in', servers)
    .execute()
}

function gravesOf(ctx: RequestContext, servers: readonly string[]) {
  return ctx.db
    .selectFrom('tombstones')
    .select(['server_uuid', 'node_id'])
    .where('server_uuid', 'in', servers)
    .where('confirmed_at', 'is', null)
    .execute()
}
