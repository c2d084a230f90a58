import { sql } from 'kysely'
import type { Logger } from 'pino'
import type { Bus } from '../bus/bus.ts'
import type { Store } from '../storage/store.ts'

const BATCH = 500
const POLL_MS = 1000

export interface SequencerParts {
  readonly store: Store
  readonly bus: Bus
  readonly log: Logger
}

/**
 * Gives positions to committed events in batches. The locked head row is the lease: of several instances one at a time
 * numbers, and what it sees is committed, so that no slower transaction can appear before a position already read.
 */
export class Sequencer {
  readonly #parts: SequencerParts
  readonly #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #again = false
  #isClosed = false

  constructor(parts: SequencerParts) {
    this.#parts = parts
    // SQLite needs none: there position = id.
    if (parts.store.dialect === 'sqlite') return
    this.#timer = setInterval(() => this.wake(), POLL_MS)
    this.#timer.unref()
  }

  /** Numbers soon; calls made meanwhile are answered by one more run. */
  wake(): void {
    if (this.#isClosed || this.#parts.store.dialect === 'sqlite') return
    if (this.#running) {
      this.#again = true
      return
    }
    this.#running = this.#run().finally(() => {
      this.#running = undefined
      if (!this.#again) return
      this.#again = false
      this.wake()
    })
  }

  /** Resolves when every event that is committed now has its position. */
  async settle(): Promise<void> {
    while (this.#running) await this.#running
    if (this.#parts.store.dialect !== 'sqlite') await this.#run()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
    await this.#running
  }

  async #run(): Promise<void> {
    try {
      let count: number
      do count = await this.#numberBatch()
      while (count === BATCH)
    } catch (error) {
      if (!this.#isClosed) this.#parts.log.warn({ err: error }, 'events could not be numbered; trying again')
    }
  }

  async #numberBatch(): Promise<number> {
    const { store, bus } = this.#parts
    const waiting = await store.db.selectFrom('event_log').select('id').where('position', 'is', null).limit(1).execute()
    if (waiting.length === 0) return 0

    const count = await store.transaction(async (trx) => {
      await store.lockRow(trx, 'event_log_head', 1)
      const { position } = await trx
        .selectFrom('event_log_head')
        .select('position')
        .where('id', '=', 1)
        .executeTakeFirstOrThrow()
      const rows = await trx
        .selectFrom('event_log')
        .select('id')
        .where('position', 'is', null)
        .orderBy('id')
        .limit(BATCH)
        .execute()
      if (rows.length === 0) return 0
      const cases = sql.join(
        rows.map(({ id }, index) => sql`when ${sql.lit(id)} then ${sql.lit(position + index + 1)}`),
        sql` `,
      )
      const ids = sql.join(rows.map(({ id }) => sql.lit(id)))
      await sql`update event_log set position = case id ${cases} end where id in (${ids})`.execute(trx)
      await trx
        .updateTable('event_log_head')
        .set({ position: position + rows.length })
        .where('id', '=', 1)
        .execute()
      return rows.length
    })
    if (count > 0) bus.publish('events', {})
    return count
  }
}
