import { setImmediate } from 'node:timers/promises'
import type { AgentResult } from '@hatchery/core/protocol'
import type { StateFile } from '../state/state-file.ts'
import {
  eachQuantity,
  eachReading,
  encodeReadings,
  encodeSummaries,
  findReading,
  findSummary,
  mergeSummaries,
  type Reading,
  type Summary,
} from './metric-frame.ts'

export const FINE_MS = 10_000
export const COARSE_MS = 300_000
const FINE_KEPT_MS = 24 * 3_600_000
const COARSE_KEPT_MS = 30 * 24 * 3_600_000
/** An answer has at most this many intervals. */
const MAX_INTERVALS = 400
/** Rows read before others get their turn. */
const READ_ROWS = 500
/** Intervals that one tick sums up at most; more are left after a long pause. */
const ROLL_UPS = 12
/** Rows that one tick removes at most, so that a clock which jumps does not stop the agent. */
const REMOVE_ROWS = 200
const MACHINE = ''

interface Frame {
  readonly at: number
  readonly frame: Uint8Array
}

/**
 * What was measured, in two rings: every 10 s for 24 hours, and every 5 minutes for 30 days. Times are those of the wall clock;
 * where it was set back, newer readings replace older ones of the same label.
 */
export class MetricStore {
  readonly #state: StateFile
  readonly #subjects = new Map<string, number>()

  constructor(state: StateFile) {
    this.#state = state
    const rows = state.sql.all<{ id: number; server: string }>('select id, server from metric_subjects')
    for (const { id, server } of rows) this.#subjects.set(server, id)
  }

  /** Keeps the readings of one tick; null stands for the machine. Durable when it returns. */
  add(now: number, readings: ReadonlyMap<string | null, Reading>): void {
    const at = Math.round(now / FINE_MS) * FINE_MS
    this.#state.transaction(() => {
      const numbered = new Map([...readings].map(([server, reading]) => [this.#number(server ?? MACHINE), reading]))
      this.#state.sql.run('insert or replace into metric_fine (at, frame) values (?, ?)', at, encodeReadings(numbered))
      this.#rollUp(now)
      this.#remove('metric_fine', now - FINE_KEPT_MS)
      this.#remove('metric_coarse', now - COARSE_KEPT_MS)
    })
  }

  /**
   * Intervals of `stepMs` or longer from `from` until `to`, both bounded by what is kept. The ring that is fine enough and goes
   * back far enough answers.
   */
  async read(
    now: number,
    { server, from, to, step }: { server: string | null; from: number; to: number; step: number },
  ): Promise<AgentResult<'metrics.read'>> {
    const end = Math.min(to, now + FINE_MS)
    const start = Math.max(from, now - COARSE_KEPT_MS)
    const wanted = Math.max(step, (end - start) / MAX_INTERVALS)
    const isFine = wanted < COARSE_MS && start >= now - FINE_KEPT_MS - COARSE_MS
    const unit = isFine ? FINE_MS : COARSE_MS
    const stepMs = Math.max(1, Math.ceil(wanted / unit)) * unit
    const first = Math.floor(start / stepMs) * stepMs
    const count = Math.min(MAX_INTERVALS + 1, Math.max(0, Math.ceil((end - first) / stepMs)))
    const intervals: (Summary | null)[] = Array.from({ length: count }, () => null)

    const subject = this.#subjects.get(server ?? MACHINE)
    if (subject !== undefined && count > 0) {
      const find = isFine ? findReading : findSummary
      for await (const { at, frame } of this.#frames(isFine ? 'metric_fine' : 'metric_coarse', first, end)) {
        const index = Math.floor((at - first) / stepMs)
        const found = find(frame, subject)
        if (!found || index >= count) continue
        const before = intervals[index]
        intervals[index] = before ? mergeSummaries(before, found) : found
      }
    }
    const column = (pick: (summary: Summary) => number) =>
      intervals.map((summary) => {
        const value = summary ? pick(summary) : Number.NaN
        return Number.isFinite(value) ? Math.round(value * 100) / 100 : null
      })
    return {
      from: first,
      stepMs,
      ...eachQuantity((quantity) => ({
        min: column(({ values }) => values[quantity].min),
        avg: column(({ values }) => values[quantity].avg),
        max: column(({ values }) => values[quantity].max),
      })),
    }
  }

  async *#frames(table: 'metric_fine' | 'metric_coarse', from: number, to: number): AsyncGenerator<Frame> {
    let next = from
    while (next < to) {
      const rows = this.#state.sql.all<Frame>(
        `select at, frame from ${table} where at >= ? and at < ? order by at limit ${READ_ROWS}`,
        next,
        to,
      )
      yield* rows
      const last = rows.at(-1)
      if (!last || rows.length < READ_ROWS) return
      next = last.at + 1
      await setImmediate()
    }
  }

  /** Sums up what is complete and not summed up yet; a killed agent goes on from the rows. */
  #rollUp(now: number): void {
    const { sql } = this.#state
    const open = Math.floor(now / COARSE_MS) * COARSE_MS
    const newest = sql.get<{ at: number | null }>('select max(at) as at from metric_coarse where at < ?', open)?.at
    let from = (newest ?? -COARSE_MS) + COARSE_MS
    for (let done = 0; done < ROLL_UPS; done++) {
      const first = sql.get<{ at: number | null }>(
        'select min(at) as at from metric_fine where at >= ? and at < ?',
        from,
        open,
      )?.at
      if (first === null || first === undefined) return
      const at = Math.floor(first / COARSE_MS) * COARSE_MS
      this.#sumUp(at)
      from = at + COARSE_MS
    }
  }

  #sumUp(at: number): void {
    const summaries = new Map<number, Summary>()
    const rows = this.#state.sql.all<Frame>(
      'select at, frame from metric_fine where at >= ? and at < ?',
      at,
      at + COARSE_MS,
    )
    for (const { frame } of rows) {
      for (const [subject, summary] of eachReading(frame)) {
        const before = summaries.get(subject)
        summaries.set(subject, before ? mergeSummaries(before, summary) : summary)
      }
    }
    this.#state.sql.run(
      'insert or replace into metric_coarse (at, frame) values (?, ?)',
      at,
      encodeSummaries(summaries),
    )
  }

  #remove(table: 'metric_fine' | 'metric_coarse', before: number): void {
    this.#state.sql.run(
      `delete from ${table} where at in (select at from ${table} where at < ? order by at limit ${REMOVE_ROWS})`,
      before,
    )
  }

  #number(server: string): number {
    const known = this.#subjects.get(server)
    if (known !== undefined) return known
    const { lastInsertRowid } = this.#state.sql.run('insert into metric_subjects (server) values (?)', server)
    const id = Number(lastInsertRowid)
    this.#subjects.set(server, id)
    return id
  }
}
