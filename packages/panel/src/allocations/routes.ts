import * as api from '@hatchery/core/api'
import { implement, type Routes } from '../http/implement.ts'
import { createAllocations, deleteAllocation, listAllocations } from './service.ts'

export function allocationsRoutes(routes: Routes): void {
  implement(routes, api.listAllocations, (ctx, { params, query }) => listAllocations(ctx, params.node, query))
  implement(routes, api.createAllocations, (ctx, { params, body }) => createAllocations(ctx, params.node, body))
  implement(routes, api.deleteAllocation, (ctx, { params }) => deleteAllocation(ctx, params.node, params.allocation))
}
