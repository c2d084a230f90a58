import type { MetricHistory, QueryOf, readServerMetrics as ReadServerMetrics } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import type { AuthorizedServer, RequestContext } from '../context.ts'
import { loadServer } from '../servers/power.ts'

const HOUR_MS = 3_600_000

type Query = QueryOf<typeof ReadServerMetrics>

export async function readServerMetrics(
  ctx: RequestContext,
  server: AuthorizedServer,
  query: Query,
  signal: AbortSignal,
): Promise<MetricHistory> {
  const { node_id: node, uuid } = await loadServer(ctx, server)
  return ctx.nodes.of(node).call('metrics.read', { server: uuid, ...timeOf(ctx, query) }, { signal })
}

export async function readNodeMetrics(
  ctx: RequestContext,
  uuid: string,
  query: Query,
  signal: AbortSignal,
): Promise<MetricHistory> {
  const node = await ctx.db.selectFrom('nodes').select('id').where('uuid', '=', uuid).executeTakeFirst()
  if (!node) throw new AppError('NODE_NOT_FOUND', { id: uuid })
  return ctx.nodes.of(node.id).call('metrics.read', { server: null, ...timeOf(ctx, query) }, { signal })
}

function timeOf({ now }: Pick<RequestContext, 'now'>, { from, to, step }: Query) {
  const end = to ?? now()
  const start = from ?? Math.max(0, end - HOUR_MS)
  if (start >= end) throw new AppError('VALIDATION_FAILED', { fields: 'from' })
  return { from: start, to: end, step: step ?? 1 }
}
