import * as api from '@hatchery/core/api'
import { implement, type Routes } from '../http/implement.ts'
import { addAppPassword, listOwnAppPasswords, removeAppPassword } from './app-passwords.ts'

export function appPasswordRoutes(routes: Routes): void {
  implement(routes, api.listAppPasswords, (ctx, { query }) => listOwnAppPasswords(ctx, query))
  implement(routes, api.createAppPassword, (ctx, { body }) => addAppPassword(ctx, body))
  implement(routes, api.deleteAppPassword, (ctx, { params }) => removeAppPassword(ctx, params.password))
}
