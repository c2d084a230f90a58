import type {
  ActivityEvent,
  listActivity as ListActivity,
  listServerActivity as ListServerActivity,
  QueryOf,
} from '@hatchery/core/api'
import type { AuthorizedServer, Context, RequestContext } from '../context.ts'
import { decodeCursor, encodeCursor } from '../http/cursor.ts'
import { actorOf, isAdmin } from './actor.ts'

/** Rows that say what a machine did; people ask who did what. */
const MACHINE_TYPES = ['server:state', 'node:connected', 'node:disconnected']

function selectEvents(ctx: Pick<Context, 'db'>) {
  return ctx.db
    .selectFrom('event_log')
    .leftJoin('users', 'users.id', 'event_log.user_id')
    .leftJoin('servers', 'servers.id', 'event_log.server_id')
    .select([
      'event_log.id',
      'event_log.uuid',
      'event_log.type',
      'event_log.user_id',
      'event_log.ip',
      'event_log.data',
      'event_log.at',
      'servers.uuid as server_uuid',
      'users.uuid as user_uuid',
      'users.username as user_username',
      'users.email as user_email',
    ])
}

type Row = Awaited<ReturnType<ReturnType<typeof selectEvents>['execute']>>[number]

function toActivity(row: Row, showsIp: boolean): ActivityEvent {
  return {
    id: row.uuid,
    type: row.type,
    server: row.server_uuid,
    actor:
      row.user_uuid === null || row.user_username === null || row.user_email === null
        ? null
        : { id: row.user_uuid, username: row.user_username, email: row.user_email },
    ip: showsIp ? row.ip : null,
    data: JSON.parse(row.data) as Record<string, unknown>,
    at: row.at,
  }
}

/** Who did what on a server. Where somebody else was, is shown to administrators only. */
export async function listServerActivity(
  ctx: RequestContext,
  server: AuthorizedServer,
  query: QueryOf<typeof ListServerActivity>,
) {
  const limit = query.limit ?? 25
  let select = selectEvents(ctx)
    .where('event_log.server_id', '=', server.id)
    .where('event_log.type', 'not in', MACHINE_TYPES)
    .orderBy('event_log.id', 'desc')
    .limit(limit + 1)
  if (query.cursor !== undefined) select = select.where('event_log.id', '<', decodeCursor(query.cursor, 'number')[0])
  const rows = await select.execute()
  const { userId } = actorOf(ctx)
  return pageOf(rows, limit, (row) => toActivity(row, isAdmin(ctx) || row.user_id === userId))
}

export async function listActivity(ctx: RequestContext, query: QueryOf<typeof ListActivity>) {
  const limit = query.limit ?? 25
  let select = selectEvents(ctx)
    .orderBy('event_log.id', 'desc')
    .limit(limit + 1)
  if (query.cursor !== undefined) select = select.where('event_log.id', '<', decodeCursor(query.cursor, 'number')[0])
  if (query.user !== undefined) select = select.where('users.uuid', '=', query.user)
  select =
    query.type === undefined
      ? select.where('event_log.type', 'not in', MACHINE_TYPES)
      : select.where('event_log.type', '=', query.type)
  return pageOf(await select.execute(), limit, (row) => toActivity(row, true))
}

function pageOf(rows: readonly Row[], limit: number, view: (row: Row) => ActivityEvent) {
  const page = rows.slice(0, limit)
  return { data: page.map(view), nextCursor: rows.length > limit ? encodeCursor(page.at(-1)!.id) : null }
}
