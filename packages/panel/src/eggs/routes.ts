import * as api from '@hatchery/core/api'
import { implement, type Routes } from '../http/implement.ts'
import { answer } from '../http/reply.ts'
import { exportEgg } from './export-egg.ts'
import { fetchEgg } from './fetch-egg.ts'
import { checkEgg, deleteEgg, importEgg, listEggs, readEgg, readEggSource } from './service.ts'
import { checkEggUpdate, updateEgg } from './update-egg.ts'

export function eggsRoutes(routes: Routes): void {
  implement(routes, api.listEggs, (ctx, { query }) => listEggs(ctx, query))
  implement(routes, api.getEgg, (ctx, { params }) => readEgg(ctx, params.egg))
  implement(routes, api.getEggSource, (ctx, { params }) => readEggSource(ctx, params.egg))
  implement(routes, api.checkEgg, (ctx, { body }) => checkEgg(ctx, body))
  implement(routes, api.importEgg, async (ctx, { body }) => {
    const { egg, isNew } = await importEgg(ctx, body)
    return answer(isNew ? 201 : 200, egg)
  })
  implement(routes, api.fetchEgg, (ctx, { body }, signal) => fetchEgg(ctx, body.url, signal))
  implement(routes, api.checkEggUpdate, (ctx, { params, body }, signal) =>
    checkEggUpdate(ctx, params.egg, body, signal),
  )
  implement(routes, api.updateEgg, (ctx, { params, body }, signal) => updateEgg(ctx, params.egg, body, signal))
  implement(routes, api.exportEgg, (ctx, { params, query }) => exportEgg(ctx, params.egg, query))
  implement(routes, api.deleteEgg, (ctx, { params }) => deleteEgg(ctx, params.egg))
}
