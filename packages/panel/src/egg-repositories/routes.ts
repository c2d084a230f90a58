import * as api from '@hatchery/core/api'
import { implement, type Routes } from '../http/implement.ts'
import { listRepositoryEggs, readRepositoryEgg, requestInstall } from './repository-eggs.ts'
import {
  createRepository,
  deleteRepository,
  listRepositories,
  readRepository,
  requestSync,
  updateRepository,
} from './service.ts'

export function eggRepositoriesRoutes(routes: Routes): void {
  implement(routes, api.listEggRepositories, (ctx, { query }) => listRepositories(ctx, query))
  implement(routes, api.createEggRepository, (ctx, { body }) => createRepository(ctx, body))
  implement(routes, api.getEggRepository, (ctx, { params }) => readRepository(ctx, params.repository))
  implement(routes, api.updateEggRepository, (ctx, { params, body, ifMatch }) =>
    updateRepository(ctx, params.repository, body, ifMatch),
  )
  implement(routes, api.deleteEggRepository, (ctx, { params }) => deleteRepository(ctx, params.repository))
  implement(routes, api.syncEggRepository, (ctx, { params }) => requestSync(ctx, params.repository))
  implement(routes, api.listEggRepositoryEggs, (ctx, { params, query }) =>
    listRepositoryEggs(ctx, params.repository, query),
  )
  implement(routes, api.getEggRepositoryEgg, (ctx, { params }) =>
    readRepositoryEgg(ctx, params.repository, params.entry),
  )
  implement(routes, api.installRepositoryEggs, (ctx, { params, body }) => requestInstall(ctx, params.repository, body))
}
