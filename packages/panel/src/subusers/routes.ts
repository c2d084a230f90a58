import * as api from '@hatchery/core/api'
import { implement, type Routes } from '../http/implement.ts'
import { serverOf } from '../servers/read-server.ts'
import { createSubuser, deleteSubuser, listSubusers, updateSubuser } from './service.ts'

export function subusersRoutes(routes: Routes): void {
  implement(routes, api.listSubusers, (ctx, { query }) => listSubusers(ctx, serverOf(ctx), query))
  implement(routes, api.createSubuser, (ctx, { body }) => createSubuser(ctx, serverOf(ctx), body))
  implement(routes, api.updateSubuser, (ctx, { params, body, ifMatch }) =>
    updateSubuser(ctx, serverOf(ctx), params.user, body.permissions, ifMatch),
  )
  implement(routes, api.deleteSubuser, (ctx, { params }) => deleteSubuser(ctx, serverOf(ctx), params.user))
}
