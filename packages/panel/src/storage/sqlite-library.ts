/** A prepared statement. */
export interface SqliteStatement {
  /** It answers rows. */
  readonly reader: boolean
  all(parameters: readonly unknown[]): unknown[]
  run(parameters: readonly unknown[]): { readonly changes: number | bigint; readonly lastInsertRowid: number | bigint }
}

/** What the store uses of an open SQLite file. Errors carry SQLite's own name as `code`, such as `SQLITE_BUSY`. */
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
  /** The database never waits for a lock by itself, because that blocks the thread. */
  open(path: string): SqliteDatabase
}

/** Loaded when it is called, so that a library that cannot be loaded harms nobody who does not use it. */
export type SqliteLoader = () => Promise<SqliteLibrary>

/** better-sqlite3 brings a program of its own for each platform, and finds out only at the first file whether it runs here. */
export const loadBetterSqlite: SqliteLoader = async () => {
  const { default: Sqlite } = await import('better-sqlite3')
  new Sqlite(':memory:').close()
  return { name: 'better-sqlite3', open: (path) => new Sqlite(path, { timeout: 0 }) }
}

/** The library inside Node. */
export const loadNodeSqlite: SqliteLoader = async () => (await import('./node-sqlite.ts')).nodeSqlite

/**
 * The first library that works on this machine.
 * @param onFallback told why the preferred one does not
 * @throws the preferred one's error when none does
 */
export async function loadSqlite(
  onFallback: (reason: unknown) => void,
  preferred: SqliteLoader = loadBetterSqlite,
  other: SqliteLoader = loadNodeSqlite,
): Promise<SqliteLibrary> {
  try {
    return await preferred()
  } catch (reason) {
    const library = await other().catch(() => {
      // A machine with neither is mended by making the preferred one work.
      throw reason
    })
    onFallback(reason)
    return library
  }
}
