import type {
  BodyOf,
  QueryOf,
  ResponseOf,
  createUser,
  deleteUser,
  getUser,
  listUsers,
  updateUser,
} from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import { sql } from 'kysely'
import type { Context, RequestContext } from '../context.ts'
import { decodeCursor, encodeCursor } from '../http/cursor.ts'
import { checkRevision } from '../http/revision.ts'
import { endSessions } from '../sessions/sessions.ts'
import { isUniqueViolation } from '../storage/retry.ts'
import { hashPassword, requireStrongPassword } from './passwords.ts'
import { canonical, toUser, type UserRow } from './user-rows.ts'
import { findUser, insertUser, requireAnotherAdministrator, requireFree, revokeUser } from './write-user.ts'
import { refreshSummaries } from '../servers/touch-server.ts'

type User = ResponseOf<typeof getUser>

export async function listAllUsers(
  ctx: RequestContext,
  query: QueryOf<typeof listUsers>,
): Promise<ResponseOf<typeof listUsers>> {
  const { limit = 25, cursor, search, externalId, include } = query
  let rows = ctx.db.selectFrom('users')
  if (externalId !== undefined) rows = rows.where('external_id', '=', externalId)
  if (search !== undefined) {
    const pattern = `%${canonical(search).replaceAll(/[!%_]/g, '!$&')}%`
    rows = rows.where((where) =>
      where.or(
        (['email', 'username', 'first_name', 'last_name'] as const).map((column) =>
          sql<boolean>`lower(${sql.ref(column)}) like ${pattern} escape '!'`.$castTo<boolean>(),
        ),
      ),
    )
  }
  let page = rows
    .selectAll()
    .orderBy('id')
    .limit(limit + 1)
  if (cursor !== undefined) page = page.where('id', '>', decodeCursor(cursor, 'number')[0])

  const found = await page.execute()
  const shown = found.slice(0, limit)
  const counts = await countServers(
    ctx,
    shown.map(({ id }) => id),
  )
  const last = shown.at(-1)
  const answer = {
    data: shown.map((row) => toUser(row, counts.get(row.id) ?? 0)),
    nextCursor: found.length > limit && last ? encodeCursor(last.id) : null,
  }
  if (include !== 'total') return answer
  const { total } = await rows.select((row) => row.fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
  return { ...answer, total: Number(total) }
}

export async function readUser(ctx: RequestContext, uuid: string): Promise<User> {
  const row = await findUser(ctx.db, { uuid })
  if (!row) throw new AppError('USER_NOT_FOUND', { id: uuid })
  return withCount(ctx, row)
}

export async function addUser(ctx: RequestContext, body: BodyOf<typeof createUser>): Promise<User> {
  const { password, ...profile } = body
  requireStrongPassword(password, body)
  const passwordHash = await hashPassword(password)
  const id = await refuseTaken(() =>
    ctx.store.transaction(async (trx) => {
      const created = await insertUser(ctx, trx, { ...profile, passwordHash })
      await ctx.events.append(trx, {
        ...actor(ctx),
        type: 'user:created',
        data: { username: canonical(body.username) },
      })
      return created
    }),
  )
  const row = await findUser(ctx.db, { id })
  return toUser(row!, 0)
}

export async function changeUser(
  ctx: RequestContext,
  uuid: string,
  body: BodyOf<typeof updateUser>,
  ifMatch: number | null,
): Promise<User> {
  const before = await findUser(ctx.db, { uuid })
  if (!before) throw new AppError('USER_NOT_FOUND', { id: uuid })
  if (body.password !== undefined) {
    requireStrongPassword(body.password, {
      email: body.email ?? before.email,
      username: body.username ?? before.username,
    })
  }
  const passwordHash = body.password === undefined ? undefined : await hashPassword(body.password)

  await refuseTaken(() =>
    ctx.store.transaction(async (trx) => {
      const mayLoseAdmin = body.isAdmin === false || (body.state ?? 'active') !== 'active'
      if (mayLoseAdmin && (await findUser(trx, { id: before.id }))?.is_admin === 1) {
        await requireAnotherAdministrator(ctx, trx, before.id)
      }
      await ctx.store.lockRow(trx, 'users', before.id)
      const row = await findUser(trx, { id: before.id })
      if (!row) throw new AppError('USER_NOT_FOUND', { id: uuid })
      checkRevision(ifMatch, row.revision)
      await requireFree(trx, body, row.id)

      const changes = { ...columnsOf(body), ...(passwordHash === undefined ? {} : { password_hash: passwordHash }) }
      await trx
        .updateTable('users')
        .set({ ...changes, updated_at: ctx.now(), revision: row.revision + 1 })
        .where('id', '=', row.id)
        .execute()
      if (body.email !== undefined || body.username !== undefined) await refreshSummaries(trx, 'owner_id', row.id)
      const isOut = body.state !== undefined && body.state !== 'active'
      if (isOut || passwordHash !== undefined) await endSessions(ctx, trx, row.id)
      if (isOut || passwordHash !== undefined || body.isAdmin !== undefined || body.state !== undefined) {
        await revokeUser(ctx, trx, row)
      }
      const fields = Object.keys(body).filter((name) => name !== 'password')
      const data = { user: uuid, fields, ...(passwordHash === undefined ? {} : { password: 'changed' }) }
      await ctx.events.append(trx, { ...actor(ctx), type: 'user:updated', data })
    }),
  )
  return readUser(ctx, uuid)
}

export async function removeUser(ctx: RequestContext, uuid: string): Promise<ResponseOf<typeof deleteUser>> {
  await ctx.store.transaction(async (trx) => {
    const row = await findUser(trx, { uuid })
    if (!row) throw new AppError('USER_NOT_FOUND', { id: uuid })
    if (row.is_admin === 1) await requireAnotherAdministrator(ctx, trx, row.id)
    await ctx.store.lockRow(trx, 'users', row.id)
    const { count } = await trx
      .selectFrom('servers')
      .select((select) => select.fn.countAll<number>().as('count'))
      .where('owner_id', '=', row.id)
      .executeTakeFirstOrThrow()
    if (Number(count) > 0) throw new AppError('USER_OWNS_SERVERS', { count: Number(count) })

    await revokeUser(ctx, trx, row)
    await trx.deleteFrom('refs').where('kind', '=', 'user').where('object_id', '=', row.id).execute()
    await trx.deleteFrom('users').where('id', '=', row.id).execute()
    await ctx.events.append(trx, { ...actor(ctx), type: 'user:deleted', data: { user: uuid, username: row.username } })
  })
  return {}
}

function columnsOf(body: BodyOf<typeof updateUser>): Partial<UserRow> {
  return {
    ...(body.email === undefined ? {} : { email: canonical(body.email) }),
    ...(body.username === undefined ? {} : { username: canonical(body.username) }),
    ...(body.firstName === undefined ? {} : { first_name: body.firstName }),
    ...(body.lastName === undefined ? {} : { last_name: body.lastName }),
    ...(body.isAdmin === undefined ? {} : { is_admin: body.isAdmin ? 1 : 0 }),
    ...(body.state === undefined ? {} : { state: body.state }),
    ...(body.externalId === undefined ? {} : { external_id: body.externalId }),
  }
}

/** Two requests may both find a name free; the unique key lets one of them in, and the other is told the same. */
export async function refuseTaken<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    if (!isUniqueViolation(error)) throw error
    const field = /external_id/.test(String(error))
      ? 'external id'
      : /username/.test(String(error))
        ? 'username'
        : 'email'
    throw new AppError('USER_EXISTS', { field }, { cause: error })
  }
}

async function withCount(ctx: Context, row: UserRow): Promise<User> {
  return toUser(row, (await countServers(ctx, [row.id])).get(row.id) ?? 0)
}

async function countServers(ctx: Context, owners: readonly number[]): Promise<ReadonlyMap<number, number>> {
  if (owners.length === 0) return new Map()
  const rows = await ctx.db
    .selectFrom('servers')
    .select((row) => ['owner_id', row.fn.countAll<number>().as('count')])
    .where('owner_id', 'in', owners)
    .groupBy('owner_id')
    .execute()
  return new Map(rows.map((row) => [row.owner_id, Number(row.count)]))
}

/** Who did it, for the event log. */
export function actor(ctx: RequestContext): { userId: number | null; ip: string } {
  return { userId: 'userId' in ctx.principal ? ctx.principal.userId : null, ip: ctx.ip }
}
