import type { DurableEvent, UsageHour } from '@hatchery/core/protocol'
import type { Context } from '../context.ts'
import type { ReportOrigin } from '../servers/store-report.ts'
import type { Change } from '../servers/touch-server.ts'

/** Rows of one statement: databases limit the values. */
const ROWS = 50

/**
 * Stores hours that are over. A node is believed about its own servers only; what is stored already stays as it is, so that an
 * hour which comes twice counts once.
 */
export async function storeUsage(
  ctx: Pick<Context, 'now' | 'log'>,
  { trx }: Pick<Change, 'trx'>,
  { nodeId }: ReportOrigin,
  { hours }: DurableEvent<'usage.closed'>['data'],
): Promise<void> {
  const servers = await trx
    .selectFrom('servers')
    .select(['uuid', 'name', 'owner_id'])
    .where('node_id', '=', nodeId)
    .where('uuid', 'in', [...new Set(hours.map(({ server }) => server))])
    .execute()
  const owned = new Map(servers.map((server) => [server.uuid, server]))
  const known = new Set<string>()
  for (let from = 0; from < hours.length; from += ROWS) {
    const part = hours.slice(from, from + ROWS)
    const rows = await trx
      .selectFrom('usage_records')
      .select(['server_uuid', 'hour_at'])
      .where('server_uuid', 'in', [...owned.keys(), ''])
      .where('hour_at', 'in', [...new Set(part.map(({ hour }) => hour))])
      .execute()
    for (const row of rows) known.add(`${row.server_uuid} ${row.hour_at}`)
    const fresh = part.flatMap((hour) => {
      const server = owned.get(hour.server)
      const key = `${hour.server} ${hour.hour}`
      if (!server || known.has(key)) return []
      known.add(key)
      return rowOf(hour, server, nodeId, ctx.now())
    })
    if (fresh.length > 0) await trx.insertInto('usage_records').values(fresh).execute()
  }
  const strangers = hours.filter(({ server }) => !owned.has(server)).length
  if (strangers > 0)
    ctx.log.debug({ node: nodeId, strangers }, 'usage of servers that are not of this node is not kept')
}

function rowOf(
  hour: UsageHour,
  server: { readonly name: string; readonly owner_id: number },
  nodeId: number,
  storedAt: number,
) {
  return {
    server_uuid: hour.server,
    server_name: server.name,
    owner_id: server.owner_id,
    node_id: nodeId,
    hour_at: hour.hour,
    running_ms: hour.runningMs,
    cpu_ms: hour.cpuMs,
    memory_mib_ms: hour.memoryMiBMs,
    disk_mib_ms: hour.diskMiBMs,
    rx_bytes: hour.rxBytes,
    tx_bytes: hour.txBytes,
    stored_at: storedAt,
  }
}
