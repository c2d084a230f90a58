import { sql, type Kysely, type Transaction } from 'kysely'
import type { Database } from './schema.ts'
import type { Dialect } from './store.ts'

/** Milliseconds by the database's clock, the one that all instances share. SQLite has this machine's. */
export async function databaseTime(
  db: Kysely<Database> | Transaction<Database>,
  dialect: Dialect,
  now: () => number,
): Promise<number> {
  if (dialect === 'sqlite') return now()
  const expression =
    dialect === 'postgres'
      ? sql<number>`floor(extract(epoch from clock_timestamp()) * 1000)`
      : sql<number>`floor(unix_timestamp(now(3)) * 1000)`
  const { rows } = await sql<{ at: number }>`select ${expression} as at`.execute(db)
  return Number(rows[0]?.at)
}
