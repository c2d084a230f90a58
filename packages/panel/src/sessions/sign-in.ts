import type { BodyOf, ResponseOf, signIn } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import type { RequestContext } from '../context.ts'
import { DEVICE_COOKIE, sessionCookie } from '../http/cookies.ts'
import { deviceCookie, openDevice } from '../http/device.ts'
import { answer, type Reply } from '../http/reply.ts'
import { checkPassword, hashPassword } from '../users/passwords.ts'
import { canonical, toAccount, type UserRow } from '../users/user-rows.ts'
import { createSession } from './sessions.ts'

/** Checks e-mail or username with the password and starts a session. */
export async function signInWithPassword(
  ctx: RequestContext,
  { login, password }: BodyOf<typeof signIn>,
): Promise<Reply<ResponseOf<typeof signIn>>> {
  const user = await findByLogin(ctx, login)
  const attempt = {
    ip: ctx.ip,
    account: user?.uuid ?? canonical(login),
    isKnown: user !== undefined && (await isKnownHere(ctx, user)),
  }
  const check = await ctx.signIns.attempt(attempt, () => checkPassword(password, user?.password_hash ?? null))
  if (!user || !check.isRight || user.state !== 'active') {
    ctx.signIns.fail(attempt)
    throw new AppError('CREDENTIALS_INVALID')
  }
  ctx.signIns.succeed(attempt)

  const renewed = check.isOutdated ? await hashPassword(password) : null
  const token = await ctx.store.transaction(async (trx) => {
    if (renewed !== null) {
      // Only the hash that was checked is replaced: a password changed meanwhile stays.
      await trx
        .updateTable('users')
        .set({ password_hash: renewed })
        .where('id', '=', user.id)
        .where('password_hash', '=', user.password_hash)
        .execute()
    }
    await ctx.events.append(trx, { type: 'account:signed-in', userId: user.id, ip: ctx.ip })
    return createSession(ctx, trx, { userId: user.id, ip: ctx.ip, userAgent: ctx.userAgent })
  })
  return answer(200, toAccount(user), { 'set-cookie': cookiesFor(ctx, user, token) })
}

function cookiesFor(ctx: RequestContext, user: UserRow, token: string): string[] {
  const { isSecure } = ctx
  return [
    sessionCookie(token, { isSecure, maxAgeSeconds: Math.floor(ctx.config.sessionLifetimeMs / 1000) }),
    deviceCookie(ctx.secrets, user.uuid, isSecure),
  ]
}

async function findByLogin(ctx: RequestContext, login: string): Promise<UserRow | undefined> {
  const name = canonical(login)
  return ctx.db
    .selectFrom('users')
    .selectAll()
    .where(name.includes('@') ? 'email' : 'username', '=', name)
    .executeTakeFirst()
}

/** The browser has signed in to this account before, or somebody did from this address. */
async function isKnownHere(ctx: RequestContext, user: UserRow): Promise<boolean> {
  if (openDevice(ctx.secrets, ctx.cookie(DEVICE_COOKIE)) === user.uuid) return true
  const before = await ctx.db
    .selectFrom('sessions')
    .select('id')
    .where('user_id', '=', user.id)
    .where('ip', '=', ctx.ip)
    .limit(1)
    .executeTakeFirst()
  return before !== undefined
}
