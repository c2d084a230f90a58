import type { SqliteChange, SqliteDatabase, SqliteStatement } from './sqlite-library.ts'

/** Prepares each statement once. */
export class StatementCache {
  readonly #db: SqliteDatabase
  readonly #statements = new Map<string, SqliteStatement>()

  constructor(db: SqliteDatabase) {
    this.#db = db
  }

  run(sql: string, ...values: readonly unknown[]): SqliteChange {
    return this.#prepare(sql).run(...values)
  }

  /** The caller names the row's shape: it stands in the migration of the same release. */
  get<Row>(sql: string, ...values: readonly unknown[]): Row | undefined {
    return this.#prepare(sql).get(...values) as Row | undefined
  }

  all<Row>(sql: string, ...values: readonly unknown[]): readonly Row[] {
    return this.#prepare(sql).all(...values) as readonly Row[]
  }

  #prepare(sql: string): SqliteStatement {
    const known = this.#statements.get(sql)
    if (known) return known
    const statement = this.#db.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }
}
