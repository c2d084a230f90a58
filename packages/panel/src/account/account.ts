import type { BodyOf, ResponseOf, changeEmail, changePassword, getAccount, updateAccount } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import { callerOf } from '../access/caller.ts'
import type { RequestContext } from '../context.ts'
import { checkRevision } from '../http/revision.ts'
import { endSessions } from '../sessions/sessions.ts'
import { checkPassword, hashPassword, requireStrongPassword } from '../users/passwords.ts'
import { canonical, toAccount, type UserRow } from '../users/user-rows.ts'
import { refuseTaken } from '../users/users.ts'
import { findUser, requireFree, revokeUser } from '../users/write-user.ts'
import { refreshSummaries } from '../servers/touch-server.ts'

type Account = ResponseOf<typeof getAccount>

export async function readAccount(ctx: RequestContext): Promise<Account> {
  return toAccount(await ownRow(ctx))
}

export async function updateProfile(
  ctx: RequestContext,
  body: BodyOf<typeof updateAccount>,
  ifMatch: number | null,
): Promise<Account> {
  const { userId } = callerOf(ctx)
  await ctx.store.transaction(async (trx) => {
    await ctx.store.lockRow(trx, 'users', userId)
    const row = await findUser(trx, { id: userId })
    if (!row) throw new AppError('NOT_SIGNED_IN')
    checkRevision(ifMatch, row.revision)
    await trx
      .updateTable('users')
      .set({
        first_name: body.firstName ?? row.first_name,
        last_name: body.lastName ?? row.last_name,
        language: body.language ?? row.language,
        updated_at: ctx.now(),
        revision: row.revision + 1,
      })
      .where('id', '=', userId)
      .execute()
    await ctx.events.append(trx, { type: 'account:updated', userId, ip: ctx.ip, data: { fields: Object.keys(body) } })
  })
  return readAccount(ctx)
}

/** Every other session ends, and what is open at nodes; the session that asked stays. */
export async function changeOwnPassword(ctx: RequestContext, body: BodyOf<typeof changePassword>): Promise<Account> {
  const row = await ownRow(ctx)
  await requirePassword(ctx, row, body.current)
  requireStrongPassword(body.password, row)
  const passwordHash = await hashPassword(body.password)
  await ctx.store.transaction(async (trx) => {
    await trx
      .updateTable('users')
      .set((user) => ({
        password_hash: passwordHash,
        must_change_password: 0 as const,
        updated_at: ctx.now(),
        revision: user('revision', '+', 1),
      }))
      .where('id', '=', row.id)
      .execute()
    await endSessions(ctx, trx, row.id, ctx.principal.kind === 'session' ? ctx.principal.sessionId : null)
    await revokeUser(ctx, trx, row)
    await ctx.events.append(trx, { type: 'account:password-changed', userId: row.id, ip: ctx.ip })
  })
  return readAccount(ctx)
}

export async function changeOwnEmail(ctx: RequestContext, body: BodyOf<typeof changeEmail>): Promise<Account> {
  const row = await ownRow(ctx)
  await requirePassword(ctx, row, body.current)
  await refuseTaken(() =>
    ctx.store.transaction(async (trx) => {
      await requireFree(trx, { email: body.email }, row.id)
      await trx
        .updateTable('users')
        .set((user) => ({
          email: canonical(body.email),
          updated_at: ctx.now(),
          revision: user('revision', '+', 1),
        }))
        .where('id', '=', row.id)
        .execute()
      await refreshSummaries(trx, 'owner_id', row.id)
      await ctx.events.append(trx, { type: 'account:email-changed', userId: row.id, ip: ctx.ip })
    }),
  )
  return readAccount(ctx)
}

async function ownRow(ctx: RequestContext): Promise<UserRow> {
  const row = await findUser(ctx.db, { id: callerOf(ctx).userId })
  if (!row) throw new AppError('NOT_SIGNED_IN')
  return row
}

/** Somebody at an unlocked browser has no more guesses than somebody at the sign-in page. */
async function requirePassword(ctx: RequestContext, row: UserRow, password: string): Promise<void> {
  const attempt = { ip: ctx.ip, account: `confirm:${row.uuid}`, isKnown: false }
  const { isRight } = await ctx.signIns.attempt(attempt, () => checkPassword(password, row.password_hash))
  if (isRight) return
  ctx.signIns.fail(attempt)
  throw new AppError('PASSWORD_WRONG')
}
