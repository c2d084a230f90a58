import type {
  listConsoleRuns as ListConsoleRuns,
  QueryOf,
  readConsole as ReadConsole,
  readStats as ReadStats,
  ResponseOf,
  searchConsole as SearchConsole,
} from '@hatchery/core/api'
import type { AuthorizedServer, RequestContext } from '../context.ts'
import { deriveState } from './derive-state.ts'
import { loadServer } from './power.ts'

export async function readConsole(
  ctx: RequestContext,
  server: AuthorizedServer,
  { after, limit }: QueryOf<typeof ReadConsole>,
  signal: AbortSignal,
): Promise<ResponseOf<typeof ReadConsole>> {
  const row = await loadServer(ctx, server)
  const params = { server: row.uuid, after: after ?? null, limit: limit ?? 200 }
  const { lines } = await ctx.nodes.of(row.node_id).call('console.read', params, { signal })
  const last = lines.at(-1)
  return { data: lines, cursor: last ? `${last.run}:${last.line}` : (after ?? null) }
}

export async function searchConsole(
  ctx: RequestContext,
  server: AuthorizedServer,
  query: QueryOf<typeof SearchConsole>,
  signal: AbortSignal,
): Promise<ResponseOf<typeof SearchConsole>> {
  const row = await loadServer(ctx, server)
  const { lines, before } = await ctx.nodes
    .of(row.node_id)
    .call('console.search', { ...query, server: row.uuid }, { signal })
  return { data: lines, nextBefore: before }
}

export async function listConsoleRuns(
  ctx: RequestContext,
  server: AuthorizedServer,
  signal: AbortSignal,
): Promise<ResponseOf<typeof ListConsoleRuns>> {
  const row = await loadServer(ctx, server)
  const { runs } = await ctx.nodes.of(row.node_id).call('console.runs', { server: row.uuid }, { signal })
  return { data: runs }
}

export async function readStats(
  ctx: RequestContext,
  server: AuthorizedServer,
  signal: AbortSignal,
): Promise<ResponseOf<typeof ReadStats>> {
  const row = await loadServer(ctx, server)
  const holds = await ctx.db.selectFrom('server_holds').select('id').where('server_id', '=', row.id).execute()
  const { state, stats } = await ctx.nodes.of(row.node_id).call('server.stats', { server: row.uuid }, { signal })
  return { state: deriveState({ ...row, process_state: state }, holds.length), stats }
}
