import * as api from '@hatchery/core/api'
import { implement, type Routes } from '../http/implement.ts'
import { cancelOperation, listOperations, readOperation } from './service.ts'

export function operationsRoutes(routes: Routes): void {
  implement(routes, api.listOperations, (ctx, { query }) => listOperations(ctx, query))
  implement(routes, api.getOperation, (ctx, { params }) => readOperation(ctx, params.operation))
  implement(routes, api.cancelOperation, (ctx, { params }) => cancelOperation(ctx, params.operation))
}
