import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { Kysely, sql, type RawBuilder } from 'kysely'
import { openStore } from '../storage/open-store.ts'
import type { Database } from '../storage/schema.ts'
import type { Dialect, Store } from '../storage/store.ts'
import { serverUrl } from './dialects.ts'

export interface TestDatabase extends AsyncDisposable {
  readonly url: string
  readonly store: Store
}

/** A database of its own with all tables and no rows. SQLite is copied from a migrated file; others are kept and emptied. */
export async function openTestDatabase(dialect: Dialect): Promise<TestDatabase> {
  return dialect === 'sqlite' ? openSqliteCopy() : openServerDatabase(dialect)
}

let template: Promise<Buffer> | undefined

async function openSqliteCopy(): Promise<TestDatabase> {
  const directory = await mkdtemp(join(tmpdir(), 'hatchery-test-'))
  const path = join(directory, 'panel.db')
  await writeFile(path, await (template ??= migratedFile()))
  const store = await openStore(`sqlite:${path}`, { synchronous: 'OFF' })
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
const idle: Record<'postgres' | 'mysql', string[]> = { postgres: [], mysql: [] }
const swept: Partial<Record<'postgres' | 'mysql', Promise<void>>> = {}

async function openServerDatabase(dialect: 'postgres' | 'mysql'): Promise<TestDatabase> {
  await (swept[dialect] ??= dropAbandoned(dialect))
  const name = idle[dialect].pop() ?? (await createDatabase(dialect))
  const url = urlOf(dialect, name)
  const store = await openStore(url, { connections: 12 })
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

async function createDatabase(dialect: 'postgres' | 'mysql'): Promise<string> {
  const name = `${PREFIX}${process.pid}_${randomBytes(4).toString('hex')}`
  await onServer(dialect, async (run) => void (await run(sql.raw(`create database ${name}`))))
  return name
}

/** Databases of test processes that are gone. */
async function dropAbandoned(dialect: 'postgres' | 'mysql'): Promise<void> {
  await onServer(dialect, async (run) => {
    const names = await run(
      dialect === 'postgres'
        ? sql<{ name: string }>`select datname as name from pg_database where datname like ${`${PREFIX}%`}`
        : sql<{
            name: string
          }>`select schema_name as name from information_schema.schemata where schema_name like ${`${PREFIX}%`}`,
    )
    for (const { name } of names) {
      if (isAlive(Number(name.slice(PREFIX.length).split('_')[0]))) continue
      await run(sql.raw(`drop database if exists ${name}`))
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
  })
}

async function tableNames(store: Store): Promise<readonly string[]> {
  const schema = store.dialect === 'postgres' ? sql`current_schema()` : sql`database()`
  const { rows } = await sql<{ name: string }>`select table_name as name from information_schema.tables
    where table_schema = ${schema} and table_name <> 'schema_steps'`.execute(store.db)
  return rows.map(({ name }) => name as keyof Database)
}
