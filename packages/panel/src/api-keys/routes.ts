import { createApiKey, deleteApiKey, listApiKeys } from '@hatchery/core/api'
import { implement, type Routes } from '../http/implement.ts'
import { addApiKey, listOwnApiKeys, removeApiKey } from './api-keys.ts'

export function apiKeyRoutes(routes: Routes): void {
  implement(routes, listApiKeys, (ctx, { query }) => listOwnApiKeys(ctx, query))
  implement(routes, createApiKey, (ctx, { body }) => addApiKey(ctx, body))
  implement(routes, deleteApiKey, (ctx, { params }) => removeApiKey(ctx, params.key))
}
