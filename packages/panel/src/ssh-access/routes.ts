import * as api from '@hatchery/core/api'
import { implement, type Routes } from '../http/implement.ts'
import { changeSshSettings, readSshSettings } from './settings.ts'

export function sshAccessRoutes(routes: Routes): void {
  implement(routes, api.getSshSettings, (ctx) => readSshSettings(ctx.store))
  implement(routes, api.updateSshSettings, (ctx, { body }) => changeSshSettings(ctx, body))
}
