import type {
  BodyOf,
  createSubuser as CreateSubuser,
  listSubusers as ListSubusers,
  QueryOf,
  Subuser,
} from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import { SERVER_PERMISSIONS, missingGrants, normaliseGrants } from '@hatchery/core/permissions'
import type { Transaction } from 'kysely'
import { raiseAccess } from '../access/raise-access.ts'
import { actorOf } from '../activity/actor.ts'
import type { AuthorizedServer, Context, RequestContext } from '../context.ts'
import { decodeCursor, encodeCursor } from '../http/cursor.ts'
import { checkRevision } from '../http/revision.ts'
import { orExists } from '../storage/or-exists.ts'
import type { Database } from '../storage/schema.ts'
import { newUuid } from '../storage/uuid.ts'

function selectSubusers(ctx: Pick<Context, 'db'>, server: AuthorizedServer) {
  return ctx.db
    .selectFrom('subusers')
    .innerJoin('users', 'users.id', 'subusers.user_id')
    .select([
      'subusers.id',
      'subusers.permissions',
      'subusers.created_at',
      'subusers.revision',
      'users.uuid',
      'users.username',
      'users.email',
    ])
    .where('subusers.server_id', '=', server.id)
}

type Row = Awaited<ReturnType<ReturnType<typeof selectSubusers>['execute']>>[number]

function toSubuser(row: Row): Subuser {
  return {
    user: { id: row.uuid, username: row.username, email: row.email },
    permissions: JSON.parse(row.permissions) as string[],
    createdAt: row.created_at,
    revision: row.revision,
  }
}

export async function listSubusers(ctx: RequestContext, server: AuthorizedServer, query: QueryOf<typeof ListSubusers>) {
  const limit = query.limit ?? 25
  let select = selectSubusers(ctx, server)
    .orderBy('subusers.id')
    .limit(limit + 1)
  if (query.cursor !== undefined) select = select.where('subusers.id', '>', decodeCursor(query.cursor, 'number')[0])
  const rows = await select.execute()
  const page = rows.slice(0, limit)
  return { data: page.map(toSubuser), nextCursor: rows.length > limit ? encodeCursor(page.at(-1)!.id) : null }
}

async function readSubuser(ctx: RequestContext, server: AuthorizedServer, user: string): Promise<Subuser> {
  const row = await selectSubusers(ctx, server).where('users.uuid', '=', user).executeTakeFirst()
  if (!row) throw new AppError('SUBUSER_NOT_FOUND')
  return toSubuser(row)
}

export async function createSubuser(
  ctx: RequestContext,
  server: AuthorizedServer,
  body: BodyOf<typeof CreateSubuser>,
): Promise<Subuser> {
  const permissions = checkGrant(server, body.permissions, [])
  const email = body.email.trim().toLowerCase()
  const user = await ctx.db
    .selectFrom('users')
    .select(['id', 'uuid'])
    .where((eb) => eb(eb.fn<string>('lower', ['email']), '=', email))
    .executeTakeFirst()
  if (!user) throw new AppError('USER_NOT_FOUND', { id: body.email })
  const create = ctx.store.transaction(async (trx) => {
    await ctx.store.lockRow(trx, 'servers', server.id)
    const row = await trx.selectFrom('servers').select('owner_id').where('id', '=', server.id).executeTakeFirst()
    if (!row) throw new AppError('SERVER_NOT_FOUND', { id: server.uuid })
    if (row.owner_id === user.id) throw new AppError('SUBUSER_IS_OWNER')
    await trx
      .insertInto('subusers')
      .values({
        uuid: newUuid(),
        server_id: server.id,
        user_id: user.id,
        permissions,
        created_at: ctx.now(),
        revision: 1,
      })
      .execute()
    await trx
      .insertInto('server_access')
      .values({ user_id: user.id, server_id: server.id, source: 'subuser', permissions })
      .execute()
    await ctx.events.append(trx, {
      type: 'server:subuser.created',
      ...actorOf(ctx),
      serverId: server.id,
      data: { user: user.uuid, permissions: JSON.parse(permissions) as unknown },
    })
    // Open dashboards of the new person learn that there is a server more.
    await ctx.revocations.revoke(trx, 'server', server.uuid)
  })
  await orExists(create, () => new AppError('SUBUSER_EXISTS'))
  return readSubuser(ctx, server, user.uuid)
}

export async function updateSubuser(
  ctx: RequestContext,
  server: AuthorizedServer,
  user: string,
  wanted: readonly string[],
  ifMatch: number | null,
): Promise<Subuser> {
  await ctx.store.transaction(async (trx) => {
    await ctx.store.lockRow(trx, 'servers', server.id)
    const subuser = await findSubuser(trx, server, user)
    checkRevision(ifMatch, subuser.revision)
    const before = JSON.parse(subuser.permissions) as string[]
    const permissions = checkGrant(server, wanted, before)
    await trx
      .updateTable('subusers')
      .set({ permissions, revision: subuser.revision + 1 })
      .where('id', '=', subuser.id)
      .execute()
    await trx
      .updateTable('server_access')
      .set({ permissions })
      .where('server_id', '=', server.id)
      .where('user_id', '=', subuser.user_id)
      .where('source', '=', 'subuser')
      .execute()
    await ctx.events.append(trx, {
      type: 'server:subuser.updated',
      ...actorOf(ctx),
      serverId: server.id,
      data: { user, permissions: JSON.parse(permissions) as unknown },
    })
    await raiseAccess(ctx, trx, { id: subuser.user_id, uuid: user }, server)
    await ctx.revocations.revoke(trx, 'server', server.uuid)
  })
  return readSubuser(ctx, server, user)
}

/** Takes access away; what the person has open of the server ends (RULES 16). */
export async function deleteSubuser(
  ctx: RequestContext,
  server: AuthorizedServer,
  user: string,
): Promise<Record<string, never>> {
  await ctx.store.transaction(async (trx) => {
    await ctx.store.lockRow(trx, 'servers', server.id)
    const subuser = await findSubuser(trx, server, user)
    await trx.deleteFrom('subusers').where('id', '=', subuser.id).execute()
    await trx
      .deleteFrom('server_access')
      .where('server_id', '=', server.id)
      .where('user_id', '=', subuser.user_id)
      .where('source', '=', 'subuser')
      .execute()
    await ctx.events.append(trx, {
      type: 'server:subuser.deleted',
      ...actorOf(ctx),
      serverId: server.id,
      data: { user },
    })
    await raiseAccess(ctx, trx, { id: subuser.user_id, uuid: user }, server)
    await ctx.revocations.revoke(trx, 'server', server.uuid)
  })
  return {}
}

/**
 * Nobody grants what they lack; what the other person has already may stay.
 * @returns the stored form
 */
function checkGrant(server: AuthorizedServer, wanted: readonly string[], before: readonly string[]): string {
  const unknown = wanted.find((name) => !Object.hasOwn(SERVER_PERMISSIONS, name) && !before.includes(name))
  if (unknown !== undefined) {
    throw new AppError('VALIDATION_FAILED', {
      fields: 'permissions',
      issues: [{ path: '/permissions', message: `There is no permission ${unknown}.` }],
    })
  }
  const [missing] = missingGrants([...server.permissions, ...before], wanted)
  if (missing !== undefined) throw new AppError('GRANT_EXCEEDS_OWN', { permission: missing })
  return JSON.stringify(normaliseGrants(wanted))
}

async function findSubuser(trx: Transaction<Database>, server: AuthorizedServer, user: string) {
  const row = await trx
    .selectFrom('subusers')
    .innerJoin('users', 'users.id', 'subusers.user_id')
    .select(['subusers.id', 'subusers.user_id', 'subusers.permissions', 'subusers.revision'])
    .where('subusers.server_id', '=', server.id)
    .where('users.uuid', '=', user)
    .executeTakeFirst()
  if (!row) throw new AppError('SUBUSER_NOT_FOUND')
  return row
}
