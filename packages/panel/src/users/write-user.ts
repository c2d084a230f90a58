import { AppError } from '@hatchery/core/errors'
import type { Transaction } from 'kysely'
import { raiseAccess } from '../access/raise-access.ts'
import type { Context } from '../context.ts'
import type { Database } from '../storage/schema.ts'
import { newUuid } from '../storage/uuid.ts'
import { canonical, type UserRow } from './user-rows.ts'

export interface NewUser {
  readonly email: string
  readonly username: string
  readonly firstName?: string
  readonly lastName?: string
  readonly passwordHash: string | null
  readonly mustChangePassword?: boolean
  readonly isAdmin?: boolean
  readonly externalId?: string | null
  readonly language?: string
}

/** @throws AppError `USER_EXISTS`, `EXTERNAL_ID_EXISTS` */
export async function insertUser(
  ctx: Pick<Context, 'store' | 'now'>,
  trx: Transaction<Database>,
  user: NewUser,
): Promise<number> {
  await requireFree(trx, { email: user.email, username: user.username, externalId: user.externalId ?? null }, null)
  const now = ctx.now()
  return ctx.store.insertId(trx, 'users', {
    uuid: newUuid(now),
    external_id: user.externalId ?? null,
    email: canonical(user.email),
    username: canonical(user.username),
    first_name: user.firstName ?? '',
    last_name: user.lastName ?? '',
    password_hash: user.passwordHash,
    must_change_password: user.mustChangePassword ? 1 : 0,
    is_admin: user.isAdmin ? 1 : 0,
    state: 'active',
    language: user.language ?? 'en',
    totp_secret_encrypted: null,
    totp_enabled_at: null,
    access_revision: 1,
    created_at: now,
    updated_at: now,
    revision: 1,
    lock_count: 0,
  })
}

/**
 * Says which field is taken. Two who ask at once both get an answer from the unique keys; see `whereTaken`.
 * @throws AppError `USER_EXISTS`, `EXTERNAL_ID_EXISTS`
 */
export async function requireFree(
  trx: Transaction<Database>,
  wanted: { readonly email?: string; readonly username?: string; readonly externalId?: string | null },
  exceptId: number | null,
): Promise<void> {
  const taken = async (column: 'email' | 'username' | 'external_id', value: string) => {
    const row = await trx.selectFrom('users').select('id').where(column, '=', value).executeTakeFirst()
    return row !== undefined && row.id !== exceptId
  }
  if (wanted.email !== undefined && (await taken('email', canonical(wanted.email)))) {
    throw new AppError('USER_EXISTS', { field: 'email' })
  }
  if (wanted.username !== undefined && (await taken('username', canonical(wanted.username)))) {
    throw new AppError('USER_EXISTS', { field: 'username' })
  }
  if (wanted.externalId && (await taken('external_id', wanted.externalId))) {
    throw new AppError('EXTERNAL_ID_EXISTS', { externalId: wanted.externalId })
  }
}

/**
 * Locks the users who could be the last administrator, then counts: of two administrators who remove each other, one stays.
 * @throws AppError `LAST_ADMINISTRATOR`
 */
export async function requireAnotherAdministrator(
  ctx: Pick<Context, 'store'>,
  trx: Transaction<Database>,
  userId: number,
): Promise<void> {
  const administrators = await trx.selectFrom('users').select('id').where('is_admin', '=', 1).orderBy('id').execute()
  for (const { id } of administrators) await ctx.store.lockRow(trx, 'users', id)
  const others = await trx
    .selectFrom('users')
    .select('id')
    .where('is_admin', '=', 1)
    .where('state', '=', 'active')
    .where('id', '!=', userId)
    .limit(1)
    .execute()
  if (others.length === 0) throw new AppError('LAST_ADMINISTRATOR')
}

export async function findUser(
  db: Pick<Context['db'], 'selectFrom'>,
  by: { readonly uuid: string } | { readonly id: number },
): Promise<UserRow | undefined> {
  const query = db.selectFrom('users').selectAll()
  return 'uuid' in by
    ? query.where('uuid', '=', by.uuid).executeTakeFirst()
    : query.where('id', '=', by.id).executeTakeFirst()
}

/** Everything known about the user's access is read again, in every instance, live channel and node. */
export async function revokeUser(
  ctx: Pick<Context, 'revocations' | 'now'>,
  trx: Transaction<Database>,
  user: Pick<UserRow, 'id' | 'uuid'>,
): Promise<void> {
  await raiseAccess(ctx, trx, user, null)
  await ctx.revocations.revoke(trx, 'user', user.uuid)
}
