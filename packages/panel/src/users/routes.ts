import { createUser, deleteUser, getUser, listUsers, updateUser } from '@hatchery/core/api'
import { implement, type Routes } from '../http/implement.ts'
import { addUser, changeUser, listAllUsers, readUser, removeUser } from './users.ts'

export function userRoutes(routes: Routes): void {
  implement(routes, listUsers, (ctx, { query }) => listAllUsers(ctx, query))
  implement(routes, getUser, (ctx, { params }) => readUser(ctx, params.user))
  implement(routes, createUser, (ctx, { body }) => addUser(ctx, body))
  implement(routes, updateUser, (ctx, { params, body, ifMatch }) => changeUser(ctx, params.user, body, ifMatch))
  implement(routes, deleteUser, (ctx, { params }) => removeUser(ctx, params.user))
}
