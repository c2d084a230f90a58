import * as api from '@hatchery/core/api'
import { implement, type Routes } from '../http/implement.ts'
import { serverOf } from '../servers/read-server.ts'
import { readNodeMetrics, readServerMetrics } from './read-metrics.ts'

export function metricsRoutes(routes: Routes): void {
  implement(routes, api.readServerMetrics, (ctx, { query }, signal) =>
    readServerMetrics(ctx, serverOf(ctx), query, signal),
  )
  implement(routes, api.readNodeMetrics, (ctx, { params, query }, signal) =>
    readNodeMetrics(ctx, params.node, query, signal),
  )
}
