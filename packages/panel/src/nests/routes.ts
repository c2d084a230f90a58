import * as api from '@hatchery/core/api'
import { implement, type Routes } from '../http/implement.ts'
import { createNest, deleteNest, listNests, updateNest } from './service.ts'

export function nestsRoutes(routes: Routes): void {
  implement(routes, api.listNests, (ctx, { query }) => listNests(ctx, query))
  implement(routes, api.createNest, (ctx, { body }) => createNest(ctx, body))
  implement(routes, api.updateNest, (ctx, { params, body, ifMatch }) => updateNest(ctx, params.nest, body, ifMatch))
  implement(routes, api.deleteNest, (ctx, { params }) => deleteNest(ctx, params.nest))
}
