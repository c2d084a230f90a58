import type { Logger } from 'pino'
import type { DatabaseRevocations } from '../access/database-revocations.ts'
import { IDEMPOTENCY_RETENTION_MS } from '../http/idempotency.ts'
import type { Store } from '../storage/store.ts'

const EVERY_MS = 60 * 60_000
/** Deleting more at once would hold up other writers (RULES 7). */
const STEP = 500
const DAY_MS = 24 * 3_600_000
/** Ended sessions stay this long: an address that has signed in is known by them. */
const SESSION_RETENTION_MS = 90 * DAY_MS
/** No session at a node lives this long without the panel, and a node that is connected has been told. */
const FLOOR_RETENTION_MS = 7 * DAY_MS
/** Readers with an older cursor are told to start again. */
const EVENT_RETENTION_MS = 365 * DAY_MS

/** 13 months. */
const USAGE_RETENTION_MS = 396 * DAY_MS

export interface HousekeepingParts {
  readonly store: Store
  readonly revocations: DatabaseRevocations
  readonly log: Logger
  readonly now: () => number
}

/** Removes rows that nobody needs any more, once an hour and a few at a time. */
export class Housekeeping {
  readonly #parts: HousekeepingParts
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #isClosed = false

  constructor(parts: HousekeepingParts) {
    this.#parts = parts
  }

  start(): void {
    this.#timer ??= setInterval(() => {
      this.#running ??= this.run()
        .catch((error: unknown) => this.#parts.log.warn({ err: error }, 'old rows could not be removed; trying again'))
        .finally(() => (this.#running = undefined))
    }, EVERY_MS)
    this.#timer.unref()
  }

  async run(): Promise<void> {
    const { revocations } = this.#parts
    await this.#repeat(() => revocations.prune())
    await this.#repeat(() => this.#prune('idempotency_keys', 'created_at', IDEMPOTENCY_RETENTION_MS))
    await this.#repeat(() => this.#prune('sessions', 'expires_at', SESSION_RETENTION_MS))
    await this.#repeat(() => this.#prune('access_floors', 'at', FLOOR_RETENTION_MS))
    await this.#repeat(() => this.#prune('usage_records', 'hour_at', USAGE_RETENTION_MS))
    await this.#repeat(() => this.#prune('event_log', 'at', EVENT_RETENTION_MS))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
    await this.#running
  }

  async #repeat(step: () => Promise<number>): Promise<void> {
    while (!this.#isClosed && (await step()) === STEP);
  }

  async #prune(
    table: 'idempotency_keys' | 'sessions' | 'access_floors' | 'event_log' | 'usage_records',
    column: 'created_at' | 'expires_at' | 'at' | 'hour_at',
    retentionMs: number,
  ): Promise<number> {
    const { store, now } = this.#parts
    return store.transaction(async (trx) => {
      const rows = await trx
        .selectFrom(table)
        .select('id')
        .where(trx.dynamic.ref(column), '<', now() - retentionMs)
        .orderBy('id')
        .limit(STEP)
        .execute()
      if (rows.length > 0) {
        await trx
          .deleteFrom(table)
          .where(
            'id',
            'in',
            rows.map(({ id }) => id),
          )
          .execute()
      }
      return rows.length
    })
  }
}
