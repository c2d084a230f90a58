import * as api from '@hatchery/core/api'
import { implement, type Routes } from '../http/implement.ts'
import { serverOf } from '../servers/read-server.ts'
import { exportUsage, listUsage, readServerUsage } from './list-usage.ts'

export function usageRoutes(routes: Routes): void {
  implement(routes, api.readServerUsage, (ctx, { query }) => readServerUsage(ctx, serverOf(ctx), query))
  implement(routes, api.listUsage, (ctx, { query }) => listUsage(ctx, query))
  implement(routes, api.exportUsage, (ctx, { query }) => exportUsage(ctx, query))
}
