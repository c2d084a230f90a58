import {
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
} from 'kysely'
import type { SqliteDatabase, SqliteLibrary } from './sqlite-library.ts'
import { StatementCache } from './statement-cache.ts'

export interface SqliteFiles {
  /** Private to transactions, which take turns. */
  readonly writer: Dialect
  /** Committed rows only; never waits for a transaction. */
  readonly reader: Dialect
  close(): void
}

export interface SqliteOptions {
  /** `FULL` keeps what was answered through a power failure. Tests take `OFF`. @default FULL */
  readonly synchronous?: 'FULL' | 'NORMAL' | 'OFF'
}

const BUSY_DEADLINE_MS = 10_000

/**
 * Opens a file for one process. A second process is refused by a lock that the system releases when this one ends,
 * however it ends.
 */
export function openSqlite(
  library: SqliteLibrary,
  path: string,
  { synchronous = 'FULL' }: SqliteOptions = {},
): SqliteFiles {
  const owner = synchronous === 'OFF' ? null : lockFile(library, `${path}-owner`)
  const writer = library.open(path)
  writer.exec('pragma journal_mode = WAL')
  writer.exec(`pragma synchronous = ${synchronous}`)
  writer.exec('pragma foreign_keys = ON')
  writer.exec('pragma journal_size_limit = 67108864')
  const reader = library.open(path)
  reader.exec('pragma query_only = ON')
  // Lists sort a page of rows: in memory, from pages that are mapped instead of copied.
  reader.exec('pragma temp_store = MEMORY')
  reader.exec('pragma cache_size = -8000')
  reader.exec('pragma mmap_size = 33554432')

  const writeConnection = new SqliteConnection(writer)
  const readConnection = new SqliteConnection(reader)
  return {
    writer: dialect(() => new WriterDriver(writeConnection)),
    reader: dialect(() => new ReaderDriver(readConnection)),
    close: () => {
      reader.close()
      writer.close()
      owner?.close()
    },
  }
}

function lockFile(library: SqliteLibrary, path: string): SqliteDatabase {
  const lock = library.open(path)
  try {
    lock.exec('pragma locking_mode = EXCLUSIVE')
    lock.exec('begin exclusive')
    return lock
  } catch (error) {
    lock.close()
    if (!isBusy(error)) throw error
    throw new Error(`The database is used by another process (${path}). Stop it first, or use its own commands.`, {
      cause: error,
    })
  }
}

function dialect(createDriver: () => Driver): Dialect {
  return {
    createDriver,
    createAdapter: () => new OwnTurnsAdapter(),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  }
}

/** The drivers below take turns themselves; the query builder's own lock would stay closed after a refused read. */
class OwnTurnsAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true
  }
}

class SqliteConnection implements DatabaseConnection {
  readonly #database: SqliteDatabase
  readonly #statements: StatementCache

  constructor(database: SqliteDatabase) {
    this.#database = database
    this.#statements = new StatementCache(database)
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const statement = this.#statements.prepare(sql)
    if (statement.reader) return { rows: statement.all(parameters) as R[] }
    const { changes, lastInsertRowid } = statement.run(parameters)
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) }
  }

  // oxlint-disable-next-line require-yield -- the interface wants a generator
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('Streams are not offered: read in pages.')
  }

  run(statement: 'begin immediate' | 'commit' | 'rollback'): void {
    this.#database.exec(statement)
  }

  get isInTransaction(): boolean {
    return this.#database.inTransaction
  }
}

class ReaderDriver implements Driver {
  readonly #connection: SqliteConnection

  constructor(connection: SqliteConnection) {
    this.#connection = connection
  }
  async init(): Promise<void> {}
  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection
  }
  async releaseConnection(): Promise<void> {}
  async beginTransaction(): Promise<void> {}
  async commitTransaction(): Promise<void> {}
  async rollbackTransaction(): Promise<void> {}
  async destroy(): Promise<void> {}
}

/** One connection that transactions hold in turn. */
class WriterDriver implements Driver {
  readonly #connection: SqliteConnection
  #last: Promise<void> = Promise.resolve()
  #release: () => void = () => undefined

  constructor(connection: SqliteConnection) {
    this.#connection = connection
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.#last
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#last = promise
    await before
    this.#release = resolve
    return this.#connection
  }

  async releaseConnection(): Promise<void> {
    this.#release()
  }

  async beginTransaction(): Promise<void> {
    // The busy time-out of SQLite blocks the thread; waiting here does not.
    for (let waitedMs = 0; ;) {
      try {
        this.#connection.run('begin immediate')
        return
      } catch (error) {
        if (!isBusy(error) || waitedMs >= BUSY_DEADLINE_MS) throw error
        const pauseMs = 5 + Math.random() * 20
        await new Promise((resolve) => setTimeout(resolve, pauseMs))
        waitedMs += pauseMs
      }
    }
  }

  async commitTransaction(): Promise<void> {
    this.#connection.run('commit')
  }

  async rollbackTransaction(): Promise<void> {
    // SQLite has rolled back by itself after some errors, a full disk among them.
    if (this.#connection.isInTransaction) this.#connection.run('rollback')
  }

  async destroy(): Promise<void> {}
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY')
}
