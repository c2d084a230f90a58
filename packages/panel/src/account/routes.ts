import { changeEmail, changePassword, getAccount, updateAccount } from '@hatchery/core/api'
import { implement, type Routes } from '../http/implement.ts'
import { changeOwnEmail, changeOwnPassword, readAccount, updateProfile } from './account.ts'

export function accountRoutes(routes: Routes): void {
  implement(routes, getAccount, (ctx) => readAccount(ctx))
  implement(routes, updateAccount, (ctx, { body, ifMatch }) => updateProfile(ctx, body, ifMatch))
  implement(routes, changePassword, (ctx, { body }) => changeOwnPassword(ctx, body))
  implement(routes, changeEmail, (ctx, { body }) => changeOwnEmail(ctx, body))
}
