import { randomBytes } from 'node:crypto'
import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { MIGRATIONS, migrate } from '@hatchery/migrations'
import { Kysely, sql, type Transaction } from 'kysely'
import type { Database } from './schema.ts'
import type { NetworkOptions } from './postgres.ts'
import type { SqliteOptions } from './sqlite.ts'
import type { SqliteLoader } from './sqlite-library.ts'
import type { Dialect, LockableTable, Store } from './store.ts'
import { retryTransient } from './retry.ts'
import { isInTransaction, runInScope, type TransactionScope } from './transaction-scope.ts'

export interface OpenStoreOptions extends SqliteOptions, NetworkOptions {
  /** Apply missing migrations. @default true */
  readonly migrate?: boolean
  /** @default the first library that works on this machine */
  readonly sqlite?: SqliteLoader
  /** Told why an SQLite file is opened with another library than the preferred one. */
  readonly onSqliteFallback?: (reason: unknown) => void
}

/**
 * Opens a database by its url, brings its tables up to date and checks how it isolates transactions.
 * @example const store = await openStore('sqlite:/var/lib/hatchery/panel.db')
 * @example const store = await openStore('postgres://panel@db.example.com/panel')
 */
export async function openStore(url: string, options: OpenStoreOptions = {}): Promise<Store> {
  const opened = await connect(url, options)
  try {
    if (options.migrate !== false) {
      await migrate(opened.writes, opened.dialect, MIGRATIONS)
      await createHead(opened.writes, opened.dialect)
    }
    await assertIsolation(opened.writes, opened.dialect)
    return createStore(opened)
  } catch (error) {
    await opened.close()
    throw error
  }
}

interface Opened {
  readonly dialect: Dialect
  readonly reads: Kysely<Database>
  readonly writes: Kysely<Database>
  close(): Promise<void>
}

async function connect(url: string, options: OpenStoreOptions): Promise<Opened> {
  const { readsOnly } = await import('./read-guard.ts')
  if (url.startsWith('sqlite:')) {
    const path = url.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, '')
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    // Hashes and sealed secrets are nobody else's to read; SQLite gives its other files the same mode.
    await (await open(path, 'a', 0o600)).close()
    const { openSqlite } = await import('./sqlite.ts')
    const { loadSqlite } = await import('./sqlite-library.ts')
    const library = await (options.sqlite?.() ?? loadSqlite(options.onSqliteFallback ?? (() => undefined)))
    const files = openSqlite(library, path, options)
    return {
      dialect: 'sqlite',
      reads: new Kysely<Database>({ dialect: readsOnly(files.reader) }),
      writes: new Kysely<Database>({ dialect: files.writer }),
      close: async () => files.close(),
    }
  }
  const isPostgres = /^postgres(ql)?:/.test(url)
  if (!isPostgres && !/^(mysql|mariadb):/.test(url)) {
    throw new Error('A database url starts with sqlite:, postgres:// or mysql://.')
  }
  const dialect = isPostgres
    ? await (await import('./postgres.ts')).openPostgres(url, options)
    : await (await import('./mysql.ts')).openMysql(url.replace(/^mariadb:/, 'mysql:'), options)
  const writes = new Kysely<Database>({ dialect })
  // Both share one pool: `writes` owns it.
  const reads = new Kysely<Database>({ dialect: readsOnly(dialect) })
  return { dialect: isPostgres ? 'postgres' : 'mysql', reads, writes, close: () => writes.destroy() }
}

function createStore({ dialect, reads, writes, close }: Opened): Store {
  return {
    dialect,
    db: reads,

    async transaction<T>(
      fn: (trx: Transaction<Database>, afterCommit: (effect: () => void) => void) => Promise<T>,
    ): Promise<T> {
      if (isInTransaction()) throw new Error('Transactions do not nest: pass `trx` on instead.')
      let scope: TransactionScope = { isOpen: true, effects: [] }
      const result = await retryTransient(async () => {
        const own: TransactionScope = { isOpen: true, effects: [] }
        scope = own
        try {
          return await runInScope(own, () =>
            writes.transaction().execute((trx) => fn(trx, (effect) => own.effects.push(effect))),
          )
        } finally {
          own.isOpen = false
        }
      })
      for (const effect of scope.effects) effect()
      return result
    },

    async lockRow(trx: Transaction<Database>, table: LockableTable, id: number): Promise<void> {
      await sql`update ${sql.table(table)} set lock_count = lock_count + 1 where id = ${id}`.execute(trx)
    },

    async insertId(trx, table, values) {
      const columns = Object.keys(values)
      const { insertId } =
        await sql`insert into ${sql.table(table)} (${sql.join(columns.map((column) => sql.ref(column)))})
        values (${sql.join(Object.values(values))})`.execute(trx)
      if (dialect !== 'postgres') return Number(insertId)
      const { rows } = await sql<{ id: number }>`select lastval() as id`.execute(trx)
      return Number(rows[0]?.id)
    },

    close,
  }
}

async function createHead(db: Kysely<Database>, dialect: Dialect): Promise<void> {
  const head = { id: 1, log_epoch: randomBytes(8).toString('hex'), position: 0, lock_count: 0 }
  const insert = db.insertInto('event_log_head').values(head)
  if (dialect === 'mysql') await insert.ignore().execute()
  else await insert.onConflict((conflict) => conflict.column('id').doNothing()).execute()
}

async function assertIsolation(db: Kysely<Database>, dialect: Dialect): Promise<void> {
  if (dialect === 'sqlite') return
  const level = await isolationLevel(db, dialect)
  if (level === 'read committed') return
  throw new Error(`The database runs transactions at ${level}; READ COMMITTED is needed and could not be set.`)
}

/** The isolation level of the connection that transactions use, in lower case with spaces. */
export async function isolationLevel(db: Kysely<Database>, dialect: 'postgres' | 'mysql'): Promise<string> {
  if (dialect === 'postgres') {
    const { rows } = await sql<{ level: string }>`select current_setting('transaction_isolation') as level`.execute(db)
    return rows[0]?.level ?? 'unknown'
  }
  // MariaDB before 11.1 knows only the first name, MySQL 8 only the second.
  const read = async (name: string) => {
    const { rows } = await sql<{ level: string }>`select ${sql.raw(`@@${name}`)} as level`.execute(db)
    return rows[0]?.level ?? 'unknown'
  }
  const level = await read('tx_isolation').catch(() => read('transaction_isolation'))
  return level.toLowerCase().replace('-', ' ')
}
