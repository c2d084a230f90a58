import { createRequire } from 'node:module'

/** What an UPDATE, INSERT or DELETE did. */
export interface SqliteChange {
  readonly changes: number
  readonly lastInsertRowid: number
}

export interface SqliteStatement {
  run(...values: readonly unknown[]): SqliteChange
  get(...values: readonly unknown[]): unknown
  all(...values: readonly unknown[]): unknown[]
}

/** What the state file uses of an open SQLite file. Commands of a transaction go through `exec`. */
export interface SqliteDatabase {
  readonly inTransaction: boolean
  prepare(sql: string): SqliteStatement
  /** One statement or more, pragmas too, without an answer. */
  exec(sql: string): void
  close(): void
}

/** A library that opens SQLite files; the files are the same for each. */
export interface SqliteLibrary {
  readonly name: 'better-sqlite3' | 'node:sqlite'
  /** Never waits for a lock. */
  open(path: string): SqliteDatabase
  /** The file is locked by another process. */
  isBusy(error: unknown): boolean
}

export interface ChosenLibrary {
  readonly library: SqliteLibrary
  /** Why the preferred library was not taken; null when it was. */
  readonly fallbackReason: unknown
}

const load = createRequire(import.meta.url)

/** better-sqlite3 brings a program of its own for each platform, and finds out only at the first file whether it runs here. */
export function loadBetterSqlite(): SqliteLibrary {
  const Sqlite = load('better-sqlite3') as typeof import('better-sqlite3')
  new Sqlite(':memory:').close()
  return {
    name: 'better-sqlite3',
    open: (path) => new Sqlite(path, { timeout: 0 }) as unknown as SqliteDatabase,
    isBusy: (error) => error instanceof Sqlite.SqliteError && error.code.startsWith('SQLITE_BUSY'),
  }
}

const SQLITE_BUSY = 5

/** The library inside Node. */
export function loadNodeSqlite(): SqliteLibrary {
  const { DatabaseSync } = load('node:sqlite') as typeof import('node:sqlite')
  return {
    name: 'node:sqlite',
    open(path) {
      const database = new DatabaseSync(path, { timeout: 0 })
      return {
        get inTransaction() {
          return database.isTransaction
        },
        prepare: (sql) => database.prepare(sql) as unknown as SqliteStatement,
        exec: (sql) => database.exec(sql),
        close: () => database.close(),
      }
    },
    // Extended result codes keep the primary one in their lowest byte.
    isBusy: (error) =>
      error instanceof Error &&
      'errcode' in error &&
      typeof error.errcode === 'number' &&
      (error.errcode & 0xff) === SQLITE_BUSY,
  }
}

/** The first library that works on this machine. @throws the preferred one's error when none does */
export function chooseSqlite(
  preferred: () => SqliteLibrary = loadBetterSqlite,
  other: () => SqliteLibrary = loadNodeSqlite,
): ChosenLibrary {
  try {
    return { library: preferred(), fallbackReason: null }
  } catch (reason) {
    try {
      return { library: other(), fallbackReason: reason }
    } catch {
      // A machine with neither is mended by making the preferred one work.
      throw reason
    }
  }
}
