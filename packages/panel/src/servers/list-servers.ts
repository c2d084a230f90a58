import type { listServers as ListServers, QueryOf, ServerState } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import { sql, type CompiledQuery, type Expression, type ExpressionBuilder, type Kysely, type SqlBool } from 'kysely'
import { isAdmin } from '../activity/actor.ts'
import type { RequestContext } from '../context.ts'
import { decodeCursor, encodeCursor } from '../http/cursor.ts'
import { contains } from '../storage/contains.ts'
import type { Database } from '../storage/schema.ts'
import type { SummaryKey } from './summary-cache.ts'

type Query = QueryOf<typeof ListServers>
type Builder = ExpressionBuilder<Database, 'servers'>

/**
 * A page of servers as JSON text: the ids first, limited, through the access rows of the caller; then their serialised
 * summaries. What it reads grows with the page, never with the panel.
 */
export async function listServers(ctx: RequestContext, query: Query): Promise<string> {
  const isAll = query.scope === 'all'
  if (isAll && !isAdmin(ctx)) throw new AppError('PERMISSION_DENIED', { permission: 'servers.read' })
  const limit = query.limit ?? 25
  const { keys, nextCursor } = await selectPage(ctx, query, limit, isAll)
  const rows = await ctx.summaries.render(keys)
  const total = query.include === 'total' ? `,"total":${await countServers(ctx, query, isAll)}` : ''
  return `{"data":[${rows.join(',')}],"nextCursor":${JSON.stringify(nextCursor)}${total}}`
}

type Reader = Pick<RequestContext, 'db' | 'store'>

interface Found extends SummaryKey {
  readonly name: string
  readonly createdAt: number
}

async function selectPage(
  ctx: RequestContext,
  query: Query,
  limit: number,
  isAll: boolean,
): Promise<{ keys: readonly SummaryKey[]; nextCursor: string | null }> {
  const sort = query.sort ?? 'name'
  const direction = sort.startsWith('-') ? ('desc' as const) : ('asc' as const)
  const column = sort.endsWith('name') ? ('servers.name' as const) : ('servers.created_at' as const)
  const after = query.cursor === undefined ? undefined : readCursor(query.cursor, sort)
  const found = isAll
    ? await selectAll(ctx, query, { column, direction, after, limit })
    : await selectMine(ctx, query, { column, direction, after, limit })
  const page = found.slice(0, limit)
  const last = page.at(-1)
  const value = last && (column === 'servers.name' ? last.name : last.createdAt)
  return {
    keys: page,
    nextCursor: found.length > limit && last && value !== undefined ? encodeCursor(sort, value, last.id) : null,
  }
}

interface Window {
  readonly column: 'servers.name' | 'servers.created_at'
  readonly direction: 'asc' | 'desc'
  readonly after: { readonly value: string | number; readonly id: number } | undefined
  readonly limit: number
}

/** The place in the list; a cursor of another order is none. */
function readCursor(cursor: string, sort: string): { value: string | number; id: number } {
  const [own, value, id] = sort.endsWith('name')
    ? decodeCursor(cursor, 'string', 'string', 'number')
    : decodeCursor(cursor, 'string', 'number', 'number')
  if (own !== sort) throw new AppError('CURSOR_INVALID')
  return { value, id }
}

const COLUMNS = [
  'servers.id',
  'servers.summary_revision as summaryRevision',
  'servers.name',
  'servers.created_at as createdAt',
] as const

async function selectAll(ctx: RequestContext, query: Query, window: Window): Promise<readonly Found[]> {
  const { column, direction, limit } = window
  return ctx.db
    .selectFrom('servers')
    .select(COLUMNS)
    .select(sql<string>`'["*"]'`.as('permissions'))
    .where((eb) => eb.and(conditions(eb, query, window)))
    .orderBy(column, direction)
    .orderBy('servers.id', direction)
    .limit(limit + 1)
    .execute()
}

async function selectMine(ctx: RequestContext, query: Query, window: Window): Promise<readonly Found[]> {
  if (!('userId' in ctx.principal)) throw new AppError('NOT_SIGNED_IN')
  const { userId } = ctx.principal
  const isPlain = query.search === undefined && query.state === undefined && window.after === undefined
  const { rows } = await ctx.db.executeQuery(
    isPlain ? firstPage(ctx, userId, window) : mine(ctx, userId, query, window).compile(),
  )
  return isAdmin(ctx) ? rows.map((row) => ({ ...row, permissions: '["*"]' })) : mergeSources(rows)
}

/**
 * The caller's access rows first, then their servers. PostgreSQL plans a named statement without knowing the limit and
 * would rather walk all servers in order of their names; a materialised part keeps it from that.
 */
function mine({ db, store }: Reader, userId: number, query: Query, window: Window) {
  const { column, direction, limit } = window
  return db
    .with(
      (cte) => (store.dialect === 'postgres' ? cte('access').materialized() : cte('access')),
      (access) => access.selectFrom('server_access').select(['server_id', 'permissions']).where('user_id', '=', userId),
    )
    .selectFrom('access')
    .innerJoin('servers', 'servers.id', 'access.server_id')
    .select(COLUMNS)
    .select('access.permissions')
    .where((eb) => eb.and(conditions(eb, query, window)))
    .orderBy(column, direction)
    .orderBy('servers.id', direction)
    .limit(limit + 1)
}

const firstPages = new WeakMap<Kysely<Database>, Map<string, CompiledQuery<Found>>>()

/** What every visit of the dashboard asks for: building the query costs more than running it, so it is built once per order. */
function firstPage(ctx: Reader, userId: number, window: Window): CompiledQuery<Found> {
  const built = firstPages.get(ctx.db) ?? new Map<string, CompiledQuery<Found>>()
  firstPages.set(ctx.db, built)
  const order = `${window.column} ${window.direction}`
  const known = built.get(order) ?? mine(ctx, userId, {}, window).compile()
  built.set(order, known)
  return { ...known, parameters: [userId, window.limit + 1] }
}

/** Somebody can have a server in several ways, as owner and through a team; the list shows it once, with all they may do. */
function mergeSources(rows: readonly Found[]): readonly Found[] {
  const merged: Found[] = []
  for (const row of rows) {
    const last = merged.at(-1)
    if (last?.id !== row.id) merged.push(row)
    else merged[merged.length - 1] = { ...row, permissions: unite(last.permissions, row.permissions) }
  }
  return merged
}

function unite(a: string, b: string): string {
  return JSON.stringify([...new Set([...(JSON.parse(a) as string[]), ...(JSON.parse(b) as string[])])].toSorted())
}

function conditions(
  eb: Builder,
  { search, state }: Query,
  { column, direction, after }: Window,
): Expression<SqlBool>[] {
  const all: Expression<SqlBool>[] = []
  if (after) {
    const operator = direction === 'asc' ? ('>' as const) : ('<' as const)
    all.push(
      eb.or([
        eb(column, operator, after.value),
        eb.and([eb(column, '=', after.value), eb('servers.id', operator, after.id)]),
      ]),
    )
  }
  if (search !== undefined) {
    all.push(
      eb.or([
        contains('servers.name', search),
        eb('servers.short_id', '=', search.toLowerCase()),
        eb('servers.uuid', '=', search.toLowerCase()),
      ]),
    )
  }
  if (state !== undefined) all.push(...stateConditions(eb, state))
  return all
}

/** The same order as `deriveState`. */
function stateConditions(eb: Builder, state: ServerState): Expression<SqlBool>[] {
  const hold = eb.exists(
    eb.selectFrom('server_holds').select('server_holds.id').whereRef('server_holds.server_id', '=', 'servers.id'),
  )
  switch (state) {
    case 'suspended':
      return [hold]
    case 'installing':
      return [eb.not(hold), eb('servers.install_state', '=', 'installing')]
    case 'install_failed':
      return [eb.not(hold), eb('servers.install_state', 'in', ['failed', 'none'])]
    default:
      return [eb.not(hold), eb('servers.install_state', '=', 'installed'), eb('servers.process_state', '=', state)]
  }
}

async function countServers(ctx: RequestContext, query: Query, isAll: boolean): Promise<number> {
  const all = { column: 'servers.name', direction: 'asc', after: undefined, limit: 0 } as const
  let select = ctx.db
    .selectFrom('servers')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where((eb) => eb.and(conditions(eb, query, all)))
  const { principal } = ctx
  if (!isAll) {
    const userId = 'userId' in principal ? principal.userId : 0
    select = select.where('servers.id', 'in', (eb) =>
      eb.selectFrom('server_access').select('server_access.server_id').where('server_access.user_id', '=', userId),
    )
  }
  const { count } = await select.executeTakeFirstOrThrow()
  return Number(count)
}
