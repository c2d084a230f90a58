import type { Transaction } from 'kysely'
import type { Logger } from 'pino'
import type { Bus } from '../bus/bus.ts'
import type { Database } from '../storage/schema.ts'
import type { Store } from '../storage/store.ts'
import { afterCommit } from '../storage/transaction-scope.ts'
import type { Revocation, RevocationKind, Revocations } from './revocations.ts'

const POLL_MS = 1000
/** Rows stay in sight this long, because a transaction that took its id early may commit late. */
const OVERLAP_MS = 60_000
const RETENTION_MS = 24 * 3_600_000

export interface RevocationParts {
  readonly store: Store
  readonly bus: Bus
  readonly log: Logger
  readonly now: () => number
}

/** Reads the rows each second, after each hint of the bus, and after the bus was away. */
export class DatabaseRevocations implements Revocations {
  readonly #parts: RevocationParts
  readonly #listeners = new Set<(revocation: Revocation) => void>()
  readonly #seen = new Set<number>()
  readonly #stopListening: readonly (() => void)[]
  #timer: NodeJS.Timeout | undefined
  #after = 0
  #reading: Promise<void> | undefined
  #again = false
  #isClosed = false

  constructor(parts: RevocationParts) {
    this.#parts = parts
    const read = () => this.#wake()
    this.#stopListening = [parts.bus.subscribe('revocations', read), parts.bus.onReconnect(read)]
  }

  /** Everything before now is in the tables already: caches start empty. */
  async start(): Promise<void> {
    const newest = await this.#parts.store.db
      .selectFrom('revocations')
      .select((row) => row.fn.max('id').as('id'))
      .executeTakeFirst()
    this.#after = Math.max(0, (newest?.id ?? 0) - 1)
    if (newest?.id) this.#seen.add(newest.id)
    this.#timer = setInterval(() => this.#wake(), POLL_MS)
    this.#timer.unref()
  }

  async revoke(trx: Transaction<Database>, kind: RevocationKind, subject: string): Promise<void> {
    await trx.insertInto('revocations').values({ kind, subject, at: this.#parts.now() }).execute()
    afterCommit(() => {
      // This instance drops at once, so that the answer to the caller is true; the others read the row.
      this.#deliver({ kind, subject })
      this.#parts.bus.publish('revocations', {})
    })
  }

  onRevocation(listener: (revocation: Revocation) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
    for (const stop of this.#stopListening) stop()
    await this.#reading
  }

  #wake(): void {
    if (this.#isClosed) return
    if (this.#reading) {
      this.#again = true
      return
    }
    this.#reading = this.#read()
      .catch((error: unknown) => {
        if (!this.#isClosed) this.#parts.log.warn({ err: error }, 'revocations could not be read; trying again')
      })
      .finally(() => {
        this.#reading = undefined
        if (!this.#again) return
        this.#again = false
        this.#wake()
      })
  }

  async #read(): Promise<void> {
    const rows = await this.#parts.store.db
      .selectFrom('revocations')
      .select(['id', 'kind', 'subject', 'at'])
      .where('id', '>', this.#after)
      .orderBy('id')
      .execute()
    const settled = this.#parts.now() - OVERLAP_MS
    for (const { id, kind, subject, at } of rows) {
      if (!this.#seen.has(id)) {
        this.#seen.add(id)
        this.#deliver({ kind: kind as RevocationKind, subject })
      }
      if (at >= settled) continue
      this.#after = Math.max(this.#after, id)
      this.#seen.delete(id)
    }
  }

  /** Deletes old rows, at most 500 at a time. @returns how many */
  async prune(): Promise<number> {
    const before = this.#parts.now() - RETENTION_MS
    return this.#parts.store.transaction(async (trx) => {
      const rows = await trx.selectFrom('revocations').select('id').where('at', '<', before).limit(500).execute()
      if (rows.length === 0) return 0
      const ids = rows.map(({ id }) => id)
      await trx.deleteFrom('revocations').where('id', 'in', ids).execute()
      return ids.length
    })
  }

  #deliver(revocation: Revocation): void {
    for (const listener of this.#listeners) {
      try {
        listener(revocation)
      } catch (error) {
        this.#parts.log.error({ err: error, ...revocation }, 'a revocation listener failed')
      }
    }
  }
}
