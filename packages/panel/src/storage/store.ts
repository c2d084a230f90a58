import type { Kysely, Transaction } from 'kysely'
import type { Database } from './schema.ts'

export type Dialect = 'sqlite' | 'postgres' | 'mysql'

export type LockableTable = 'users' | 'nodes' | 'servers' | 'egg_repositories' | 'event_log_head'

/** The database with the rules that hold on all three (RULES 7). */
export interface Store {
  readonly dialect: Dialect
  /** Reads; throws while a transaction of the same asynchronous context is open, because it would hang. */
  readonly db: Kysely<Database>
  /**
   * All writes go through here. Retries serialisation failures and deadlocks (40001, 40P01, 1213), uses BEGIN IMMEDIATE on
   * SQLite and READ COMMITTED elsewhere. `fn` may run more than once and has no effect outside the database.
   */
  transaction<T>(fn: (trx: Transaction<Database>, afterCommit: (effect: () => void) => void) => Promise<T>): Promise<T>
  /** The locking read of an owner row, first in every limit transaction; an UPDATE of `lock_count`, the same on all three. */
  lockRow(trx: Transaction<Database>, table: LockableTable, id: number): Promise<void>
  /** Inserts and answers the new integer id, without RETURNING. */
  insertId(
    trx: Transaction<Database>,
    table: keyof Database,
    values: Readonly<Record<string, unknown>>,
  ): Promise<number>
  close(): Promise<void>
}
