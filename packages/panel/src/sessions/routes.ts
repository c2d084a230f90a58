import { deleteSession, listSessions, signIn, signOut } from '@hatchery/core/api'
import { implement, type Routes } from '../http/implement.ts'
import { endCurrentSession, endSession, listOwnSessions } from './own-sessions.ts'
import { signInWithPassword } from './sign-in.ts'

export function sessionRoutes(routes: Routes): void {
  implement(routes, signIn, (ctx, { body }) => signInWithPassword(ctx, body))
  implement(routes, signOut, (ctx) => endCurrentSession(ctx))
  implement(routes, listSessions, (ctx, { query }) => listOwnSessions(ctx, query))
  implement(routes, deleteSession, (ctx, { params }) => endSession(ctx, params.session))
}
