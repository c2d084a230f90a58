import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { STATE_MIGRATIONS, type StateMigration } from './migrations.ts'
import { chooseSqlite, type SqliteDatabase, type SqliteLibrary } from './sqlite-library.ts'
import { StatementCache } from './statement-cache.ts'

export interface StateFileOptions {
  /** @default the agent's own list */
  readonly migrations?: readonly StateMigration[]
  /** @default the first one that works on this machine */
  readonly library?: SqliteLibrary
}

/**
 * The agent's memory: one SQLite file, owned by one process. Everything written here is a promise, so every commit is
 * on the disk before it returns (RULES 3).
 */
export class StateFile {
  readonly sql: StatementCache
  /** A newer agent has written this file. Additions only, so it can be read; but nothing may be started (RULES 10). */
  readonly isNewer: boolean
  readonly #db: SqliteDatabase

  private constructor(db: SqliteDatabase, isNewer: boolean) {
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
    const library = options.library ?? chooseSqlite().library
    const db = library.open(path)
    try {
      db.exec('pragma locking_mode = EXCLUSIVE')
      db.exec('pragma journal_mode = WAL')
      db.exec('pragma synchronous = FULL')
      db.exec('pragma cache_size = -1024')
      // Takes the exclusive lock now, not at the first write.
      db.exec('begin immediate; commit')
      const { user_version: version } = db.prepare('pragma user_version').get() as { user_version: number }
      if (existed && version > 0 && version < target) snapshot(db, `${path}.v${version}`)
      for (const migration of migrations) if (migration.version > version) migrate(db, migration)
      return new StateFile(db, version > target)
    } catch (error) {
      db.close()
      if (library.isBusy(error)) throw new Error(`Another agent uses ${path}. Stop it first.`, { cause: error })
      throw error
    }
  }

  /** All of `work` or nothing; durable when it returns. Calls inside a transaction join it. */
  transaction<T>(work: () => T): T {
    return this.#db.inTransaction ? work() : inTransaction(this.#db, work)
  }

  close(): void {
    this.#db.close()
  }
}

function migrate(db: SqliteDatabase, { version, statements }: StateMigration): void {
  inTransaction(db, () => {
    for (const statement of statements) db.exec(statement)
    db.exec(`pragma user_version = ${version}`)
  })
}

function inTransaction<T>(db: SqliteDatabase, work: () => T): T {
  db.exec('begin immediate')
  try {
    const result = work()
    db.exec('commit')
    return result
  } catch (error) {
    // SQLite has rolled back by itself after some errors, a full disk among them.
    if (db.inTransaction) db.exec('rollback')
    throw error
  }
}

function snapshot(db: SqliteDatabase, path: string): void {
  if (existsSync(path)) return
  db.prepare('vacuum into ?').run(path)
  chmodSync(path, 0o600)
}
