import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import type { SqliteDatabase, SqliteLibrary, SqliteStatement } from './sqlite-library.ts'

/** Node's own SQLite in the shape of better-sqlite3, for machines that the latter has no program for. */
export const nodeSqlite: SqliteLibrary = { name: 'node:sqlite', open: (path) => new NodeDatabase(path) }

/** Extended result codes that the store tells apart, and the primary ones they belong to. */
const NAMES: Readonly<Record<number, string>> = {
  5: 'SQLITE_BUSY',
  6: 'SQLITE_LOCKED',
  13: 'SQLITE_FULL',
  19: 'SQLITE_CONSTRAINT',
  787: 'SQLITE_CONSTRAINT_FOREIGNKEY',
  1299: 'SQLITE_CONSTRAINT_NOTNULL',
  1555: 'SQLITE_CONSTRAINT_PRIMARYKEY',
  2067: 'SQLITE_CONSTRAINT_UNIQUE',
}

class NodeDatabase implements SqliteDatabase {
  readonly #database: DatabaseSync

  constructor(path: string) {
    this.#database = named(() => new DatabaseSync(path, { timeout: 0 }))
  }

  get inTransaction(): boolean {
    return this.#database.isTransaction
  }

  prepare(sql: string): SqliteStatement {
    return named(() => new NodeStatement(this.#database.prepare(sql)))
  }

  exec(sql: string): void {
    named(() => this.#database.exec(sql))
  }

  close(): void {
    this.#database.close()
  }
}

class NodeStatement implements SqliteStatement {
  readonly reader: boolean
  readonly #statement: StatementSync

  constructor(statement: StatementSync) {
    this.#statement = statement
    this.reader = statement.columns().length > 0
  }

  all(parameters: readonly unknown[]): unknown[] {
    return named(() => this.#statement.all(...(parameters as SQLInputValue[])))
  }

  run(parameters: readonly unknown[]) {
    return named(() => this.#statement.run(...(parameters as SQLInputValue[])))
  }
}

/** Gives an error of SQLite the name of its result as `code`; Node has one code for all of them. */
function named<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof Error && 'errcode' in error && typeof error.errcode === 'number') {
      const name = NAMES[error.errcode] ?? NAMES[error.errcode & 0xff] ?? 'SQLITE_ERROR'
      Object.assign(error, { code: name })
    }
    throw error
  }
}
