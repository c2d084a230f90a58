import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kysely, sql, type RawBuilder } from 'kysely'
import { openStore } from '../storage/open-store.ts'
import type { Database } from '../storage/schema.ts'
import { loadBetterSqlite, loadNodeSqlite, type SqliteLoader } from '../storage/sqlite-library.ts'
import type { Store } from '../storage/store.ts'
import { serverUrl, type Storage } from './dialects.ts'

export interface TestDatabase extends AsyncDisposable {
  readonly url: string
  readonly store: Store
}

/** A database of its own with all tables and no rows. SQLite is copied from a migrated file; others are kept and emptied. */
export async function openTestDatabase(storage: Storage): Promise<TestDatabase> {
  if (storage === 'sqlite') return openSqliteCopy()
  return storage === 'node:sqlite' ? openSqliteCopy(loadNodeSqlite) : openServerDatabase(storage)
}

let template: Promise<Buffer> | undefined

async function openSqliteCopy(sqlite: SqliteLoader = loadBetterSqlite): Promise<TestDatabase> {
  const directory = await mkdtemp(join(tmpdir(), 'hatchery-test-'))
  const path = join(directory, 'panel.db')
  await writeFile(path, await (template ??= migratedFile()))
  const store = await openStore(`sqlite:${path}`, { synchronous: 'OFF', sqlite })
  return {
    url: `sqlite:${path}`,
    store,
    async [Symbol.asyncDispose]() {
      await store.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function migratedFile(): Promise<Buffer> {
  const directory = await mkdtemp(join(tmpdir(), 'hatchery-template-'))
  const path = join(directory, 'panel.db')
  const store = await openStore(`sqlite:${path}`, { synchronous: 'OFF' })
  // Closing moves everything from the write-ahead log into the file.
  await store.close()
  const bytes = await readFile(path)
  await rm(directory, { recursive: true, force: true })
  return bytes
}

const PREFIX = 'hatchery_test_'
/** One run of the tests and one of its workers: files that follow each other there use the same databases. */
const OWNER = `${process.ppid}_${process.env['VITEST_POOL_ID'] ?? `p${process.pid}`}`
const idle: Record<'postgres' | 'mysql', string[]> = { postgres: [], mysql: [] }
const opened: Record<'postgres' | 'mysql', number> = { postgres: 0, mysql: 0 }
const swept: Partial<Record<'postgres' | 'mysql', Promise<void>>> = {}

async function openServerDatabase(dialect: 'postgres' | 'mysql'): Promise<TestDatabase> {
  await (swept[dialect] ??= dropAbandoned(dialect))
  const known = idle[dialect].pop()
  const name = known ?? `${PREFIX}${OWNER}_${++opened[dialect]}`
  const isUsed = known === undefined && !(await createDatabase(dialect, name))
  const url = urlOf(dialect, name)
  const store = await openStore(url, { connections: 12 })
  // A file before this one may have ended in the middle of a test.
  if (isUsed) await empty(store)
  return {
    url,
    store,
    async [Symbol.asyncDispose]() {
      await empty(store)
      await store.close()
      idle[dialect].push(name)
    },
  }
}

function urlOf(dialect: 'postgres' | 'mysql', name: string): string {
  const url = new URL(serverUrl(dialect))
  url.pathname = `/${name}`
  return url.href
}

/** @returns whether it was made just now */
async function createDatabase(dialect: 'postgres' | 'mysql', name: string): Promise<boolean> {
  let isNew = false
  await onServer(dialect, async (run) => {
    isNew = !(await listDatabases(dialect, run)).includes(name)
    if (isNew) await run(sql.raw(`create database ${name}`))
  })
  return isNew
}

async function listDatabases(dialect: 'postgres' | 'mysql', run: Run): Promise<readonly string[]> {
  const rows = await run(
    dialect === 'postgres'
      ? sql<{ name: string }>`select datname as name from pg_database where datname like ${`${PREFIX}%`}`
      : sql<{
          name: string
        }>`select schema_name as name from information_schema.schemata where schema_name like ${`${PREFIX}%`}`,
  )
  return rows.map(({ name }) => name)
}

/** Databases of test runs that are over. */
async function dropAbandoned(dialect: 'postgres' | 'mysql'): Promise<void> {
  await onServer(dialect, async (run) => {
    for (const name of await listDatabases(dialect, run)) {
      if (isAlive(Number(name.slice(PREFIX.length).split('_')[0]))) continue
      await run(sql.raw(`drop database if exists ${name}`)).catch(() => {
        // Another worker of this run is dropping it too.
      })
    }
  })
}

type Run = (statement: RawBuilder<{ name: string }> | RawBuilder<unknown>) => Promise<{ name: string }[]>

async function onServer(dialect: 'postgres' | 'mysql', work: (run: Run) => Promise<void>): Promise<void> {
  const opened =
    dialect === 'postgres'
      ? await (await import('../storage/postgres.ts')).openPostgres(serverUrl(dialect), { connections: 1 })
      : await (await import('../storage/mysql.ts')).openMysql(serverUrl(dialect), { connections: 1 })
  const db = new Kysely<unknown>({ dialect: opened })
  try {
    await work(async (statement) => (await statement.execute(db)).rows as { name: string }[])
  } finally {
    await db.destroy()
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    // No such process: its database belongs to nobody.
    return false
  }
}

async function empty(store: Store): Promise<void> {
  const tables = await tableNames(store)
  await store.transaction(async (trx) => {
    const isPostgres = store.dialect === 'postgres'
    // In any order: what refers to what does not matter when everything goes.
    await sql
      .raw(isPostgres ? 'set local session_replication_role = replica' : 'set foreign_key_checks = 0')
      .execute(trx)
    const quote = isPostgres ? '"' : '`'
    for (const name of tables) await sql.raw(`delete from ${quote}${name}${quote}`).execute(trx)
    if (!isPostgres) await sql`set foreign_key_checks = 1`.execute(trx)
    await trx.updateTable('event_log_head').set({ position: 0, lock_count: 0 }).execute()
  })
}

async function tableNames(store: Store): Promise<readonly string[]> {
  const schema = store.dialect === 'postgres' ? sql`current_schema()` : sql`database()`
  const { rows } = await sql<{ name: string }>`select table_name as name from information_schema.tables
    where table_schema = ${schema} and table_name not in ('schema_steps', 'event_log_head')`.execute(store.db)
  return rows.map(({ name }) => name as keyof Database)
}
