import { randomInt } from 'node:crypto'
import type { Context } from '../context.ts'
import { hashPassword } from './passwords.ts'
import { insertUser } from './write-user.ts'

/** Letters and digits that are not mistaken for each other. */
const ALPHABET = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'
const PASSWORD_LENGTH = 20

export interface FirstAdmin {
  readonly uuid: string
  readonly email: string
  /** Only when it was made just now; it is kept nowhere. */
  readonly password: string | null
}

/**
 * Makes the first administrator of an empty panel. Where there is one, nothing changes.
 * @example const { uuid, email, password } = await ensureFirstAdmin(panel.ctx, { email: process.env.HATCHERY_ADMIN_EMAIL })
 */
export async function ensureFirstAdmin(
  ctx: Pick<Context, 'db' | 'store' | 'events' | 'now'>,
  wanted: { readonly email?: string | undefined; readonly password?: string | undefined } = {},
): Promise<FirstAdmin> {
  const existing = await ctx.db
    .selectFrom('users')
    .select(['uuid', 'email'])
    .where('is_admin', '=', 1)
    // One who may sign in, where there are several.
    .orderBy((eb) => eb.case().when('state', '=', 'active').then(0).else(1).end())
    .orderBy('id')
    .limit(1)
    .executeTakeFirst()
  if (existing) return { ...existing, password: null }

  const email = wanted.email ?? 'admin@example.com'
  const generated = wanted.password === undefined
  const password = wanted.password ?? newPassword()
  const passwordHash = await hashPassword(password)
  const uuid = await ctx.store.transaction(async (trx) => {
    const user = { email, username: 'admin', passwordHash, isAdmin: true, mustChangePassword: generated }
    const userId = await insertUser(ctx, trx, user)
    await ctx.events.append(trx, { type: 'user:created', userId, data: { username: 'admin' } })
    const made = await trx.selectFrom('users').select('uuid').where('id', '=', userId).executeTakeFirstOrThrow()
    return made.uuid
  })
  return { uuid, email, password: generated ? password : null }
}

function newPassword(): string {
  return Array.from({ length: PASSWORD_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')
}
