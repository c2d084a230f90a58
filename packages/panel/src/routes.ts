import { accountRoutes } from './account/routes.ts'
import { activityRoutes } from './activity/routes.ts'
import { allocationsRoutes } from './allocations/routes.ts'
import { apiKeyRoutes } from './api-keys/routes.ts'
import { appPasswordRoutes } from './app-passwords/routes.ts'
import { eggRepositoriesRoutes } from './egg-repositories/routes.ts'
import { eggsRoutes } from './eggs/routes.ts'
import { filesRoutes } from './files/routes.ts'
import type { Routes } from './http/implement.ts'
import { locationsRoutes } from './locations/routes.ts'
import { metricsRoutes } from './metrics/routes.ts'
import { nestsRoutes } from './nests/routes.ts'
import { nodesRoutes } from './nodes/routes.ts'
import { operationsRoutes } from './operations/routes.ts'
import { serversRoutes } from './servers/routes.ts'
import { sessionRoutes } from './sessions/routes.ts'
import { sshAccessRoutes } from './ssh-access/routes.ts'
import { sshKeyRoutes } from './ssh-keys/routes.ts'
import { subusersRoutes } from './subusers/routes.ts'
import { systemRoutes } from './system/routes.ts'
import { usageRoutes } from './usage/routes.ts'
import { userRoutes } from './users/routes.ts'

/** Every endpoint of `/api/v1`, one line for each domain folder. */
export function registerRoutes(routes: Routes): void {
  metricsRoutes(routes)
  systemRoutes(routes)
  sessionRoutes(routes)
  accountRoutes(routes)
  apiKeyRoutes(routes)
  sshKeyRoutes(routes)
  appPasswordRoutes(routes)
  sshAccessRoutes(routes)
  userRoutes(routes)
  serversRoutes(routes)
  filesRoutes(routes)
  subusersRoutes(routes)
  operationsRoutes(routes)
  activityRoutes(routes)
  nestsRoutes(routes)
  eggsRoutes(routes)
  eggRepositoriesRoutes(routes)
  locationsRoutes(routes)
  nodesRoutes(routes)
  allocationsRoutes(routes)
  usageRoutes(routes)
}
