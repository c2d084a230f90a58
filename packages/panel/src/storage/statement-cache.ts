import type { SqliteDatabase, SqliteStatement } from './sqlite-library.ts'

/** Prepared statements by their text, least recently used first out. */
export class StatementCache {
  readonly #database: SqliteDatabase
  readonly #capacity: number
  readonly #statements = new Map<string, SqliteStatement>()

  constructor(database: SqliteDatabase, capacity = 300) {
    this.#database = database
    this.#capacity = capacity
  }

  prepare(text: string): SqliteStatement {
    const known = this.#statements.get(text)
    if (known) {
      // Moved to the end only when the cache is near its limit: the hot path stays one lookup.
      if (this.#statements.size > this.#capacity * 0.9) {
        this.#statements.delete(text)
        this.#statements.set(text, known)
      }
      return known
    }
    const statement = this.#database.prepare(text)
    this.#statements.set(text, statement)
    if (this.#statements.size > this.#capacity) {
      const oldest = this.#statements.keys().next().value
      if (oldest !== undefined) this.#statements.delete(oldest)
    }
    return statement
  }
}
