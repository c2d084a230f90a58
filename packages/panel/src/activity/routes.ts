import * as api from '@hatchery/core/api'
import { implement, type Routes } from '../http/implement.ts'
import { serverOf } from '../servers/read-server.ts'
import { listActivity, listServerActivity } from './list-activity.ts'

export function activityRoutes(routes: Routes): void {
  implement(routes, api.listActivity, (ctx, { query }) => listActivity(ctx, query))
  implement(routes, api.listServerActivity, (ctx, { query }) => listServerActivity(ctx, serverOf(ctx), query))
}
