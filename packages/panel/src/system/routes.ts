import { getHealth, getSystem } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import { sql } from 'kysely'
import { implement, type Routes } from '../http/implement.ts'
import { VERSION } from './version.ts'

export function systemRoutes(routes: Routes): void {
  implement(routes, getSystem, async (ctx) => ({
    name: ctx.config.panelName,
    version: VERSION,
    languages: ['en'],
    signIn: { password: true },
  }))
  implement(routes, getHealth, async (ctx) => {
    try {
      await sql`select 1`.execute(ctx.db)
    } catch (error) {
      throw new AppError('SERVICE_UNAVAILABLE', { reason: 'the database does not answer' }, { cause: error })
    }
    return { ready: true as const }
  })
}
