import { accountRoutes } from './account/routes.ts'
import { apiKeyRoutes } from './api-keys/routes.ts'
import type { Routes } from './http/implement.ts'
import { sessionRoutes } from './sessions/routes.ts'
import { systemRoutes } from './system/routes.ts'
import { userRoutes } from './users/routes.ts'

/** Every endpoint of `/api/v1`, one line for each domain folder. */
export function registerRoutes(routes: Routes): void {
  systemRoutes(routes)
  sessionRoutes(routes)
  accountRoutes(routes)
  apiKeyRoutes(routes)
  userRoutes(routes)
}
