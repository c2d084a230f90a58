import type {
  AppPassword,
  BodyOf,
  QueryOf,
  ResponseOf,
  createAppPassword,
  deleteAppPassword,
  listAppPasswords,
} from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import type { Selectable } from 'kysely'
import { callerOf } from '../access/caller.ts'
import type { RequestContext } from '../context.ts'
import { decodeCursor, encodeCursor } from '../http/cursor.ts'
import { boundsOf, readBounds, requireFullKey } from '../ssh-access/bounds.ts'
import type { AppPasswordsTable } from '../storage/tables/identity.ts'
import { newUuid } from '../storage/uuid.ts'
import { revokeUser } from '../users/write-user.ts'
import { appPasswordHash, newAppPassword } from './secret.ts'

export const APP_PASSWORD_LIMIT = 50

export async function listOwnAppPasswords(
  ctx: RequestContext,
  { limit = 25, cursor }: QueryOf<typeof listAppPasswords>,
): Promise<ResponseOf<typeof listAppPasswords>> {
  let query = ctx.db
    .selectFrom('app_passwords')
    .selectAll()
    .where('user_id', '=', callerOf(ctx).userId)
    .orderBy('id', 'desc')
    .limit(limit + 1)
  if (cursor !== undefined) query = query.where('id', '<', decodeCursor(cursor, 'number')[0])
  const rows = await query.execute()
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return { data: shown.map(toAppPassword), nextCursor: rows.length > limit && last ? encodeCursor(last.id) : null }
}

/** The password is answered this once; only its hash is kept. */
export async function addAppPassword(
  ctx: RequestContext,
  body: BodyOf<typeof createAppPassword>,
): Promise<ResponseOf<typeof createAppPassword>> {
  requireFullKey(ctx)
  const { userId } = callerOf(ctx)
  const bounds = await readBounds(ctx, body)
  const password = newAppPassword()
  const now = ctx.now()
  const row = {
    uuid: newUuid(now),
    user_id: userId,
    name: body.name,
    secret_hash: appPasswordHash(password),
    ...bounds,
    is_expired: null,
    last_used_at: null,
    last_used_ip: null,
    created_at: now,
  }
  await ctx.store.transaction(async (trx) => {
    await ctx.store.lockRow(trx, 'users', userId)
    const { count } = await trx
      .selectFrom('app_passwords')
      .select((select) => select.fn.countAll<number>().as('count'))
      .where('user_id', '=', userId)
      .executeTakeFirstOrThrow()
    if (Number(count) >= APP_PASSWORD_LIMIT) throw new AppError('APP_PASSWORD_LIMIT', { limit: APP_PASSWORD_LIMIT })
    await trx.insertInto('app_passwords').values(row).execute()
    await ctx.events.append(trx, {
      type: 'app-password:created',
      userId,
      ip: ctx.ip,
      data: { appPassword: row.uuid, name: row.name },
    })
  })
  return { appPassword: toAppPassword(row), password }
}

/** What its owner has open at nodes ends: which credential a session came by is the node's to know. */
export async function removeAppPassword(
  ctx: RequestContext,
  uuid: string,
): Promise<ResponseOf<typeof deleteAppPassword>> {
  const { userId, userUuid } = callerOf(ctx)
  await ctx.store.transaction(async (trx) => {
    const { numDeletedRows } = await trx
      .deleteFrom('app_passwords')
      .where('uuid', '=', uuid)
      .where('user_id', '=', userId)
      .executeTakeFirst()
    if (numDeletedRows === 0n) throw new AppError('APP_PASSWORD_NOT_FOUND', { id: uuid })
    await revokeUser(ctx, trx, { id: userId, uuid: userUuid })
    await ctx.events.append(trx, { type: 'app-password:deleted', userId, ip: ctx.ip, data: { appPassword: uuid } })
  })
  return {}
}

function toAppPassword(row: Omit<Selectable<AppPasswordsTable>, 'id'>): AppPassword {
  return {
    id: row.uuid,
    name: row.name,
    ...boundsOf(row),
    lastUsedAt: row.last_used_at,
    lastUsedIp: row.last_used_ip,
    createdAt: row.created_at,
  }
}
