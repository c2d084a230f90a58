import type { Generation, ServerSpec } from '@hatchery/core/protocol'
import { initialLifecycle, type LifecycleState } from '@hatchery/core/server'
import type { StateFile } from './state-file.ts'

/** All that is stored of one server. */
export interface ServerRecord {
  readonly id: string
  /** Null for a server that the panel does not know. */
  readonly spec: ServerSpec | null
  readonly lifecycle: LifecycleState
  /** Tells the run that was last seen alive from any other. */
  readonly runKey: string | null
  /** Boot of the machine under which the run was last seen. */
  readonly bootId: string | null
  readonly pendingFeatures: readonly string[]
  readonly uid: number
  readonly gid: number
  readonly subnet: string | null
  readonly stateSeq: number
  readonly isOrphaned: boolean
}

interface ServerRow {
  readonly id: string
  readonly spec: string | null
  readonly lifecycle: string
  readonly run_key: string | null
  readonly boot_id: string | null
  readonly pending_features: string
  readonly uid: number
  readonly gid: number
  readonly subnet: string | null
  readonly state_seq: number
  readonly is_orphaned: number
}

export interface Tombstone {
  readonly server: string
  readonly generation: Generation
  readonly operation: string
}

export class ServerStore {
  readonly #state: StateFile

  constructor(state: StateFile) {
    this.#state = state
  }

  list(): readonly ServerRecord[] {
    return this.#state.sql.all<ServerRow>('select * from servers order by created_at, id').map(toRecord)
  }

  find(id: string): ServerRecord | null {
    const row = this.#state.sql.get<ServerRow>('select * from servers where id = ?', id)
    return row ? toRecord(row) : null
  }

  insert(record: ServerRecord, at: number): void {
    this.#state.sql.run(
      'insert into servers (id, lifecycle, uid, gid, subnet, created_at) values (?, ?, ?, ?, ?, ?)',
      record.id,
      JSON.stringify(record.lifecycle),
      record.uid,
      record.gid,
      record.subnet,
      at,
    )
    this.save(record)
  }

  save(record: ServerRecord): void {
    this.#state.sql.run(
      `update servers set spec = ?, generation_epoch = ?, generation_n = ?, lifecycle = ?, run_key = ?, boot_id = ?,
       pending_features = ?, state_seq = ?, is_orphaned = ? where id = ?`,
      record.spec === null ? null : JSON.stringify(record.spec),
      record.spec?.generation.epoch ?? null,
      record.spec?.generation.n ?? null,
      JSON.stringify(record.lifecycle),
      record.runKey,
      record.bootId,
      JSON.stringify(record.pendingFeatures),
      record.stateSeq,
      record.isOrphaned ? 1 : 0,
      record.id,
    )
  }

  remove(id: string): void {
    this.#state.sql.run('delete from servers where id = ?', id)
  }

  /** Highest authority over a server that this node has held; 0 for none. It is remembered when the server is gone (RULES 3). */
  authorityOf(server: string): number {
    return this.#state.sql.get<{ epoch: number }>('select epoch from authorities where server = ?', server)?.epoch ?? 0
  }

  /** Never lowers it. */
  raiseAuthority(server: string, epoch: number): void {
    this.#state.sql.run(
      'insert into authorities (server, epoch) values (?, ?) on conflict (server) do update set epoch = max(epoch, excluded.epoch)',
      server,
      epoch,
    )
  }

  /** Highest generation ever stored here, tombstones included. */
  highestGeneration(): Generation {
    const row = this.#state.sql.get<{ epoch: number; n: number }>(
      `select epoch, n from (
         select generation_epoch as epoch, generation_n as n from servers where generation_n is not null
         union all select generation_epoch, generation_n from tombstones
       ) order by epoch desc, n desc limit 1`,
    )
    return row ?? { epoch: 0, n: 0 }
  }

  findTombstone(server: string): Tombstone | null {
    const row = this.#state.sql.get<{ generation_epoch: number; generation_n: number; operation: string }>(
      'select * from tombstones where server = ?',
      server,
    )
    if (!row) return null
    return { server, generation: { epoch: row.generation_epoch, n: row.generation_n }, operation: row.operation }
  }

  bury({ server, generation, operation }: Tombstone, at: number): void {
    this.#state.sql.run(
      `insert or replace into tombstones (server, generation_epoch, generation_n, operation, at) values (?, ?, ?, ?, ?)`,
      server,
      generation.epoch,
      generation.n,
      operation,
      at,
    )
  }

  /** Uids and subnets in use. */
  identities(): readonly { readonly uid: number; readonly subnet: string | null }[] {
    return this.#state.sql.all<{ uid: number; subnet: string | null }>('select uid, subnet from servers')
  }
}

function toRecord(row: ServerRow): ServerRecord {
  return {
    id: row.id,
    spec: row.spec === null ? null : (JSON.parse(row.spec) as ServerSpec),
    // Fields that a later release adds have their first value in an older row.
    lifecycle: { ...initialLifecycle(), ...(JSON.parse(row.lifecycle) as Partial<LifecycleState>) },
    runKey: row.run_key,
    bootId: row.boot_id,
    pendingFeatures: JSON.parse(row.pending_features) as readonly string[],
    uid: row.uid,
    gid: row.gid,
    subnet: row.subnet,
    stateSeq: row.state_seq,
    isOrphaned: row.is_orphaned === 1,
  }
}

/** Orders generations: panel epoch first (RULES 1). */
export function compareGenerations(a: Generation, b: Generation): number {
  return a.epoch - b.epoch || a.n - b.n
}
