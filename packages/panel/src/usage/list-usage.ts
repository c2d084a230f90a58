import type {
  exportUsage as ExportUsage,
  listUsage as ListUsage,
  QueryOf,
  readServerUsage as ReadServerUsage,
  ResponseOf,
  UsageEntry,
  UsageRecord,
} from '@hatchery/core/api'
import { attachmentOf } from '@hatchery/core/runtime'
import type { AuthorizedServer, Context, RequestContext } from '../context.ts'
import { decodeCursor, encodeCursor } from '../http/cursor.ts'
import { answer } from '../http/reply.ts'
import { csvLine } from './csv.ts'

/** Rows of one read of an export. */
const EXPORT_ROWS = 1000
const MIB_MS_PER_GIB_HOUR = 1024 * 3_600_000

function selectUsage(ctx: Pick<Context, 'db'>, query: QueryOf<typeof ExportUsage>) {
  let select = ctx.db
    .selectFrom('usage_records')
    .leftJoin('users', 'users.id', 'usage_records.owner_id')
    .leftJoin('nodes', 'nodes.id', 'usage_records.node_id')
    .selectAll('usage_records')
    .select(['users.uuid as owner_uuid', 'nodes.uuid as node_uuid'])
  if (query.from !== undefined) select = select.where('usage_records.hour_at', '>=', query.from)
  if (query.to !== undefined) select = select.where('usage_records.hour_at', '<', query.to)
  if (query.server !== undefined) select = select.where('usage_records.server_uuid', '=', query.server)
  if (query.owner !== undefined) select = select.where('users.uuid', '=', query.owner)
  if (query.node !== undefined) select = select.where('nodes.uuid', '=', query.node)
  return select
}

type Row = Awaited<ReturnType<ReturnType<typeof selectUsage>['execute']>>[number]

export function listUsage(
  ctx: RequestContext,
  query: QueryOf<typeof ListUsage>,
): Promise<ResponseOf<typeof ListUsage>> {
  return readPage(ctx, query, query, toEntry)
}

export function readServerUsage(
  ctx: RequestContext,
  { uuid }: AuthorizedServer,
  query: QueryOf<typeof ReadServerUsage>,
): Promise<ResponseOf<typeof ReadServerUsage>> {
  const { from, to } = query
  const filters = { server: uuid, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }
  return readPage(ctx, filters, query, toRecord)
}

/** All records that fit, oldest first, read a part at a time while they are sent. */
export async function exportUsage(ctx: RequestContext, query: QueryOf<typeof ExportUsage>) {
  return answer(200, csvOf(ctx, query), { 'content-disposition': attachmentOf('usage.csv') })
}

async function* csvOf(ctx: RequestContext, query: QueryOf<typeof ExportUsage>): AsyncGenerator<Uint8Array> {
  yield Buffer.from(csvLine(COLUMNS.map(([name]) => name)))
  let after: readonly [hour: number, id: number] = [0, 0]
  for (;;) {
    const [hour, id] = after
    const rows = await selectUsage(ctx, query)
      .where((eb) =>
        eb.or([
          eb('usage_records.hour_at', '>', hour),
          eb.and([eb('usage_records.hour_at', '=', hour), eb('usage_records.id', '>', id)]),
        ]),
      )
      .orderBy('usage_records.hour_at')
      .orderBy('usage_records.id')
      .limit(EXPORT_ROWS)
      .execute()
    const last = rows.at(-1)
    if (!last) return
    yield Buffer.from(rows.map((row) => csvLine(COLUMNS.map(([, valueOf]) => valueOf(toEntry(row))))).join(''))
    after = [last.hour_at, last.id]
  }
}

const COLUMNS: readonly (readonly [name: string, valueOf: (entry: UsageEntry) => string | number])[] = [
  ['hour', ({ hourAt }) => new Date(hourAt).toISOString()],
  ['server', ({ server }) => server],
  ['server_name', ({ serverName }) => serverName],
  ['owner', ({ owner }) => owner ?? ''],
  ['node', ({ node }) => node ?? ''],
  ['running_seconds', ({ runningSeconds }) => runningSeconds],
  ['cpu_seconds', ({ cpuSeconds }) => cpuSeconds],
  ['memory_gib_hours', ({ memoryGiBHours }) => memoryGiBHours],
  ['disk_gib_hours', ({ diskGiBHours }) => diskGiBHours],
  ['network_rx_bytes', ({ networkRxBytes }) => networkRxBytes],
  ['network_tx_bytes', ({ networkTxBytes }) => networkTxBytes],
]

async function readPage<T>(
  ctx: RequestContext,
  filters: QueryOf<typeof ExportUsage>,
  page: { readonly cursor?: string; readonly limit?: number },
  view: (row: Row) => T,
): Promise<{ data: T[]; nextCursor: string | null }> {
  const limit = page.limit ?? 100
  let select = selectUsage(ctx, filters)
  if (page.cursor !== undefined) {
    const [hour, id] = decodeCursor(page.cursor, 'number', 'number')
    select = select.where((eb) =>
      eb.or([
        eb('usage_records.hour_at', '<', hour),
        eb.and([eb('usage_records.hour_at', '=', hour), eb('usage_records.id', '<', id)]),
      ]),
    )
  }
  const rows = await select
    .orderBy('usage_records.hour_at', 'desc')
    .orderBy('usage_records.id', 'desc')
    .limit(limit + 1)
    .execute()
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  const nextCursor = rows.length > limit && last ? encodeCursor(last.hour_at, last.id) : null
  return { data: shown.map(view), nextCursor }
}

function toRecord(row: Row): UsageRecord {
  return {
    server: row.server_uuid,
    hourAt: row.hour_at,
    runningSeconds: row.running_ms / 1000,
    cpuSeconds: row.cpu_ms / 1000,
    memoryGiBHours: gibHours(row.memory_mib_ms),
    diskGiBHours: gibHours(row.disk_mib_ms),
    networkRxBytes: row.rx_bytes,
    networkTxBytes: row.tx_bytes,
  }
}

function toEntry(row: Row): UsageEntry {
  return { ...toRecord(row), serverName: row.server_name, owner: row.owner_uuid, node: row.node_uuid }
}

const gibHours = (mibMs: number): number => Math.round((mibMs / MIB_MS_PER_GIB_HOUR) * 1e6) / 1e6
