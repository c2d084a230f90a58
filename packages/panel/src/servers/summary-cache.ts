import type { ServerSummary } from '@hatchery/core/api'
import { formatAddress, isAnyAddress } from '@hatchery/core/allocations'
import type { Kysely } from 'kysely'
import { isIsolated, nodeStatus } from '../nodes/node-view.ts'
import type { BaseContext } from '../services.ts'
import type { Database } from '../storage/schema.ts'
import { limitsOf } from './build-spec.ts'
import { deriveState } from './derive-state.ts'

/** A server in a list: what the list query selects. */
export interface SummaryKey {
  readonly id: number
  readonly summaryRevision: number
  /** Permission names of the caller as JSON, `["*"]` for all. */
  readonly permissions: string
}

/** Serialised rows of the server list by (id, summary revision); the caller's own fields are put in outside of it. */
export interface SummaryCache {
  /** JSON of a `ServerSummary` per key, in the order of the keys; servers that are gone meanwhile are left out. */
  render(keys: readonly SummaryKey[]): Promise<readonly string[]>
  /** Called when a node connects or disconnects, is renamed or changes its runtime. */
  forgetNode(nodeId: number): void
}

interface Entry {
  readonly revision: number
  readonly nodeId: number
  /** An open JSON object, without the node and the caller's permissions. */
  readonly json: string
}

/** About 1 KB each; a map keeps the order in which its keys were set, so the first ones are the oldest. */
const MAX_ENTRIES = 20_000

export function createSummaryCache(ctx: Pick<BaseContext, 'db' | 'bus'>): SummaryCache {
  return new Cache(ctx)
}

class Cache implements SummaryCache {
  readonly #db: Kysely<Database>
  readonly #entries = new Map<number, Entry>()
  /** JSON of the `node` part, by node id. */
  readonly #nodes = new Map<number, string>()

  constructor({ db, bus }: Pick<BaseContext, 'db' | 'bus'>) {
    this.#db = db
    bus.subscribe('nodes', (hint) => {
      if (typeof hint === 'object' && hint !== null && 'id' in hint) this.forgetNode(Number(hint.id))
    })
    bus.onReconnect(() => {
      this.#nodes.clear()
    })
  }

  forgetNode(nodeId: number): void {
    this.#nodes.delete(nodeId)
  }

  async render(keys: readonly SummaryKey[]): Promise<readonly string[]> {
    const missing: number[] = []
    for (const { id, summaryRevision } of keys) {
      const entry = this.#entries.get(id)
      // Never older than what the query has seen; newer is as good, because it was read later.
      if (!entry || entry.revision < summaryRevision) missing.push(id)
    }
    if (missing.length > 0) await this.#load(missing)
    await this.#loadNodes(keys)

    const rows: string[] = []
    for (const { id, permissions } of keys) {
      const entry = this.#entries.get(id)
      const node = entry && this.#nodes.get(entry.nodeId)
      if (!entry || node === undefined) continue
      rows.push(`${entry.json},"node":${node},"permissions":${permissions}}`)
    }
    return rows
  }

  async #load(ids: readonly number[]): Promise<void> {
    for (const id of ids) this.#entries.delete(id)
    const rows = await selectSummaries(this.#db).where('servers.id', 'in', ids).execute()
    const holds = await this.#db
      .selectFrom('server_holds')
      .select(['server_id', 'kind'])
      .where('server_id', 'in', ids)
      .execute()
    for (const row of rows) {
      const own = holds.filter(({ server_id }) => server_id === row.id).map(({ kind }) => kind)
      const json = JSON.stringify(toSummary(row, own)).slice(0, -1)
      this.#entries.set(row.id, { revision: row.summary_revision, nodeId: row.node_id, json })
    }
    for (const id of this.#entries.keys()) {
      if (this.#entries.size <= MAX_ENTRIES) break
      this.#entries.delete(id)
    }
  }

  async #loadNodes(keys: readonly SummaryKey[]): Promise<void> {
    const missing = new Set<number>()
    for (const { id } of keys) {
      const nodeId = this.#entries.get(id)?.nodeId
      if (nodeId !== undefined && !this.#nodes.has(nodeId)) missing.add(nodeId)
    }
    if (missing.size === 0) return
    const rows = await this.#db
      .selectFrom('nodes')
      .select(['id', 'uuid', 'name', 'instance', 'host', 'is_locked', 'is_recovery'])
      .where('id', 'in', [...missing])
      .execute()
    for (const row of rows) {
      this.#nodes.set(row.id, JSON.stringify(toNodePart(row)))
    }
  }
}

export function toNodePart(row: {
  readonly uuid: string
  readonly name: string
  readonly instance: string | null
  readonly host: string | null
  readonly is_locked: number
  readonly is_recovery: number
}): ServerSummary['node'] {
  return {
    id: row.uuid,
    name: row.name,
    online: row.instance !== null && nodeStatus(row) !== 'locked',
    isolated: isIsolated(row.host),
  }
}

export function selectSummaries(db: Kysely<Database>) {
  return db
    .selectFrom('servers')
    .innerJoin('nodes', 'nodes.id', 'servers.node_id')
    .innerJoin('eggs', 'eggs.id', 'servers.egg_id')
    .innerJoin('users', 'users.id', 'servers.owner_id')
    .leftJoin('allocations', 'allocations.id', 'servers.primary_allocation_id')
    .select([
      'servers.id',
      'servers.uuid',
      'servers.short_id',
      'servers.name',
      'servers.description',
      'servers.node_id',
      'servers.memory_mib',
      'servers.swap_mib',
      'servers.disk_mib',
      'servers.cpu_percent',
      'servers.cpu_pinning',
      'servers.io_weight',
      'servers.pids_limit',
      'servers.process_state',
      'servers.install_state',
      'servers.created_at',
      'servers.summary_revision',
      'servers.revision',
      'nodes.fqdn',
      'eggs.uuid as egg_uuid',
      'eggs.name as egg_name',
      'users.uuid as owner_uuid',
      'users.username as owner_username',
      'users.email as owner_email',
      'allocations.ip',
      'allocations.port',
      'allocations.alias',
    ])
}

type Row = Awaited<ReturnType<ReturnType<typeof selectSummaries>['execute']>>[number]

export function toSummary(row: Row, holds: readonly string[]): Omit<ServerSummary, 'node' | 'permissions'> {
  return {
    id: row.uuid,
    shortId: row.short_id,
    name: row.name,
    description: row.description,
    state: deriveState(row, holds.length),
    holds: [...holds].toSorted() as ServerSummary['holds'],
    egg: { id: row.egg_uuid, name: row.egg_name },
    owner: { id: row.owner_uuid, username: row.owner_username, email: row.owner_email },
    address: addressOf(row),
    limits: limitsOf(row),
    createdAt: row.created_at,
    revision: row.revision,
  }
}

/** What a player types: the alias, else the address, else (where it listens on all) the name of the node. */
function addressOf(row: Pick<Row, 'ip' | 'port' | 'alias' | 'fqdn'>): string | null {
  if (row.ip === null || row.port === null) return null
  return formatAddress(isAnyAddress(row.ip) ? row.fqdn : row.ip, row.port, row.alias)
}
