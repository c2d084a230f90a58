import type { Context } from '../../context.ts'
import { loadSpecSource } from '../../servers/load-spec.ts'
import type { WingsNode } from '../wings-secret.ts'
import { installScript, serverConfiguration, type WingsKind } from './server-configuration.ts'

const MAX_PAGE = 100

type ReadContext = Pick<Context, 'db' | 'secrets'>

/** A page of all servers of the node; Wings asks for page 0 first and means the first one. */
export async function listForWings(
  ctx: ReadContext,
  node: WingsNode,
  kind: WingsKind,
  query: { readonly page: number; readonly perPage: number },
) {
  const perPage = Math.min(Math.max(1, query.perPage), MAX_PAGE)
  const page = Math.max(1, query.page)
  const { count } = await ctx.db
    .selectFrom('servers')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('node_id', '=', node.id)
    .where('is_deleting', '=', 0)
    .executeTakeFirstOrThrow()
  const total = Number(count)
  const ids = await ctx.db
    .selectFrom('servers')
    .select('id')
    .where('node_id', '=', node.id)
    .where('is_deleting', '=', 0)
    .orderBy('id')
    .limit(perPage)
    .offset((page - 1) * perPage)
    .execute()
  const data = []
  for (const { id } of ids) {
    const source = await loadSpecSource(ctx, id)
    if (source) data.push({ uuid: source.server.uuid, ...serverConfiguration(source, kind) })
  }
  const from = total === 0 ? 0 : (page - 1) * perPage + 1
  return {
    data,
    meta: {
      current_page: page,
      from,
      last_page: Math.max(1, Math.ceil(total / perPage)),
      per_page: perPage,
      to: total === 0 ? 0 : from + data.length - 1,
      total,
    },
  }
}

/** Null when the server is not on this node. */
export async function readForWings(ctx: ReadContext, node: WingsNode, kind: WingsKind, uuid: string) {
  const source = await findSource(ctx, node, uuid)
  return source ? serverConfiguration(source, kind) : null
}

/** Null when the server is not on this node, or has nothing to install. */
export async function readInstallScript(ctx: ReadContext, node: WingsNode, uuid: string) {
  const source = await findSource(ctx, node, uuid)
  return source ? installScript(source) : null
}

async function findSource(ctx: ReadContext, node: WingsNode, uuid: string) {
  const server = await ctx.db
    .selectFrom('servers')
    .select('id')
    .where('uuid', '=', uuid)
    .where('node_id', '=', node.id)
    .executeTakeFirst()
  return server ? loadSpecSource(ctx, server.id) : null
}

export async function isOnNode(ctx: ReadContext, node: WingsNode, uuid: string): Promise<boolean> {
  const server = await ctx.db
    .selectFrom('servers')
    .select('id')
    .where('uuid', '=', uuid)
    .where('node_id', '=', node.id)
    .executeTakeFirst()
  return server !== undefined
}
