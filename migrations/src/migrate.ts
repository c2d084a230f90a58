import { sql, type Kysely } from 'kysely'
import type { Dialect, Migration } from './table.ts'

const LOCK_NAME = 'hatchery_migrations'
/** Any number that nobody else uses as an advisory lock. */
const LOCK_NUMBER = 4_827_115_093

// oxlint-disable-next-line typescript/no-explicit-any -- a migration must not depend on the tables of one version
type AnyDatabase = Kysely<any>

/**
 * Applies what is missing, in order, under a lock that other instances wait for. A step that was interrupted runs again.
 * @returns the number of steps that were applied
 */
export async function migrate(db: AnyDatabase, dialect: Dialect, migrations: readonly Migration[]): Promise<number> {
  // One transaction on SQLite, where DDL is transactional and this is the lock; elsewhere one connection with a named lock.
  if (dialect === 'sqlite') return db.transaction().execute((trx) => applyMissing(trx, dialect, migrations))
  return db.connection().execute(async (connection) => {
    await lock(connection, dialect)
    try {
      return await applyMissing(connection, dialect, migrations)
    } finally {
      await unlock(connection, dialect)
    }
  })
}

async function applyMissing(db: AnyDatabase, dialect: Dialect, migrations: readonly Migration[]): Promise<number> {
  await db.executeQuery(
    sql`create table if not exists schema_steps (migration varchar(64) not null, step varchar(100) not null, applied_at bigint not null, primary key (migration, step))`.compile(
      db,
    ),
  )
  const rows = await sql<{ migration: string; step: string }>`select migration, step from schema_steps`.execute(db)
  const applied = new Set(rows.rows.map((row) => `${row.migration}/${row.step}`))

  let count = 0
  for (const migration of migrations) {
    for (const step of migration.steps) {
      if (applied.has(`${migration.name}/${step.name}`)) continue
      await apply(db, step.sql(dialect))
      await sql`insert into schema_steps (migration, step, applied_at) values (${migration.name}, ${step.name}, ${Date.now()})`.execute(
        db,
      )
      count++
    }
  }
  return count
}

async function apply(db: AnyDatabase, statement: string): Promise<void> {
  try {
    await sql.raw(statement).execute(db)
  } catch (error) {
    // Not every database has `if not exists` for indexes and columns: the step was interrupted before its record.
    if (!isDuplicate(error)) throw error
  }
}

function isDuplicate(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if ('errno' in error && (error.errno === 1060 || error.errno === 1061)) return true
  return error.message.includes('duplicate column name')
}

async function lock(db: AnyDatabase, dialect: Dialect): Promise<void> {
  if (dialect === 'postgres') await sql`select pg_advisory_lock(${sql.lit(LOCK_NUMBER)})`.execute(db)
  else await sql`select get_lock(concat(database(), ${LOCK_NAME}), 600)`.execute(db)
}

async function unlock(db: AnyDatabase, dialect: Dialect): Promise<void> {
  if (dialect === 'postgres') await sql`select pg_advisory_unlock(${sql.lit(LOCK_NUMBER)})`.execute(db)
  else await sql`select release_lock(concat(database(), ${LOCK_NAME}))`.execute(db)
}
