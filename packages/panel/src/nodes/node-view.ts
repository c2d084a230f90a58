import { sql } from 'kysely'
import type { Node, NodeHost } from '@hatchery/core/api'
import type { Static } from 'typebox'
import type { Context } from '../context.ts'

type Host = Static<typeof NodeHost>

export function selectNodes(ctx: Pick<Context, 'db'>) {
  return ctx.db
    .selectFrom('nodes')
    .innerJoin('locations', 'locations.id', 'nodes.location_id')
    .selectAll('nodes')
    .select('locations.uuid as location_uuid')
    .select((eb) => [
      eb
        .selectFrom('servers')
        .whereRef('servers.node_id', '=', 'nodes.id')
        .select(({ fn }) => fn.countAll<number>().as('n'))
        .as('server_count'),
      eb
        .selectFrom('servers')
        .whereRef('servers.node_id', '=', 'nodes.id')
        .select(sql<number>`coalesce(sum(memory_mib), 0)`.as('n'))
        .as('memory_used'),
      eb
        .selectFrom('servers')
        .whereRef('servers.node_id', '=', 'nodes.id')
        .select(sql<number>`coalesce(sum(disk_mib), 0)`.as('n'))
        .as('disk_used'),
      eb
        .selectFrom('servers')
        .whereRef('servers.node_id', '=', 'nodes.id')
        .select(sql<number>`coalesce(sum(servers.cpu_percent), 0)`.as('n'))
        .as('cpu_used'),
      eb
        .selectFrom('allocations')
        .whereRef('allocations.node_id', '=', 'nodes.id')
        .select(({ fn }) => fn.countAll<number>().as('n'))
        .as('allocation_count'),
      eb
        .selectFrom('allocations')
        .whereRef('allocations.node_id', '=', 'nodes.id')
        .where('allocations.server_id', 'is', null)
        .select(({ fn }) => fn.countAll<number>().as('n'))
        .as('free_count'),
    ])
}

type Row = Awaited<ReturnType<ReturnType<typeof selectNodes>['execute']>>[number]

export interface StatusColumns {
  readonly is_locked: number
  readonly is_recovery: number
  /** Which instance holds the agent's connection; null without one. */
  readonly instance: string | null
  readonly host: string | null
}

export function nodeStatus(node: StatusColumns): Node['status'] {
  if (node.is_locked === 1) return 'locked'
  if (node.host === null) return 'awaiting-agent'
  if (node.is_recovery === 1) return 'recovery'
  return node.instance === null ? 'offline' : 'online'
}

export function toNode(row: Row): Node {
  return {
    id: row.uuid,
    name: row.name,
    description: row.description,
    kind: row.kind === 'wings' ? 'wings' : 'agent',
    location: row.location_uuid,
    status: nodeStatus(row),
    fqdn: row.fqdn,
    memoryMiB: row.memory_mib,
    diskMiB: row.disk_mib,
    cpuPercent: row.cpu_percent,
    allocated: {
      memoryMiB: Number(row.memory_used),
      diskMiB: Number(row.disk_used),
      cpuPercent: Number(row.cpu_used),
      servers: Number(row.server_count),
    },
    allocationCount: Number(row.allocation_count),
    freeAllocationCount: Number(row.free_count),
    isMaintenance: row.is_maintenance === 1,
    isRotatingSecret: row.previous_key_id !== null,
    host: row.host === null ? null : { ...parseHost(row.host), clockOffsetMs: row.clock_offset_ms },
    lastSeenAt: row.last_seen_at,
    createdAt: row.created_at,
    revision: row.revision,
  }
}

export function parseHost(host: string): Host {
  return JSON.parse(host) as Host
}

/** A node that was never seen is not said to be unsafe. */
export function isIsolated(host: string | null): boolean {
  return host === null || parseHost(host).isolated
}
