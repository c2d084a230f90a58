import Database from 'better-sqlite3'
import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { STATE_MIGRATIONS, type StateMigration } from './migrations.ts'
import { StatementCache } from './statement-cache.ts'

export interface StateFileOptions {
  /** @default the agent's own list */
  readonly migrations?: readonly StateMigration[]
}

/**
 * The agent's memory: one SQLite file, owned by one process. Everything written here is a promise, so every commit is
 * on the disk before it returns (RULES 3).
 */
export class StateFile {
  readonly sql: StatementCache
  /** A newer agent has written this file. Additions only, so it can be read; but nothing may be started (RULES 10). */
  readonly isNewer: boolean
  readonly #db: Database.Database

  private constructor(db: Database.Database, isNewer: boolean) {
    this.#db = db
    this.sql = new StatementCache(db)
    this.isNewer = isNewer
  }

  /**
   * Opens or makes the file, with a snapshot beside it before its schema changes.
   * @throws Error if another process holds the file
   */
  static open(path: string, options: StateFileOptions = {}): StateFile {
    const migrations = options.migrations ?? STATE_MIGRATIONS
    const target = migrations.at(-1)?.version ?? 0
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    const existed = existsSync(path)
    // It holds secrets. SQLite gives its other files the mode of this one.
    closeSync(openSync(path, 'a', 0o600))
    chmodSync(path, 0o600)
    const db = new Database(path, { timeout: 0 })
    try {
      db.pragma('locking_mode = EXCLUSIVE')
      db.pragma('journal_mode = WAL')
      db.pragma('synchronous = FULL')
      db.pragma('cache_size = -1024')
      // Takes the exclusive lock now, not at the first write.
      db.exec('begin immediate; commit')
      const version = Number(db.pragma('user_version', { simple: true }))
      if (existed && version > 0 && version < target) snapshot(db, `${path}.v${version}`)
      for (const migration of migrations) if (migration.version > version) migrate(db, migration)
      return new StateFile(db, version > target)
    } catch (error) {
      db.close()
      if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) {
        throw new Error(`Another agent uses ${path}. Stop it first.`, { cause: error })
      }
      throw error
    }
  }

  /** All of `work` or nothing; durable when it returns. Calls inside a transaction join it. */
  transaction<T>(work: () => T): T {
    if (this.#db.inTransaction) return work()
    return this.#db.transaction(work).immediate()
  }

  close(): void {
    this.#db.close()
  }
}

function migrate(db: Database.Database, { version, statements }: StateMigration): void {
  db.transaction(() => {
    for (const statement of statements) db.exec(statement)
    db.pragma(`user_version = ${version}`)
  }).immediate()
}

function snapshot(db: Database.Database, path: string): void {
  if (existsSync(path)) return
  db.prepare('vacuum into ?').run(path)
  chmodSync(path, 0o600)
}
