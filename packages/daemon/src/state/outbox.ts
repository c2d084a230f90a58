import { randomUUID } from 'node:crypto'
import type { DurableEvent, Outbox, SequencedEvent } from '@hatchery/core/protocol'
import { FactStore } from './fact-store.ts'
import type { StateFile } from './state-file.ts'

interface OutboxRow {
  readonly seq: number
  readonly name: string
  readonly data: string
  readonly at: number
}

export interface OutboxOptions {
  /** More events than this are never kept. @default 20,000 */
  readonly maxEvents?: number
}

/** Events of which only the newest about a subject matters. */
const LEVELS: ReadonlySet<string> = new Set(['server.report', 'snapshot', 'lost'])
/** Dropped last: somebody waits for these, or pays by them. */
const ANSWERS = `('operation.finished', 'server.deleted', 'usage.closed')`

/** What the panel has not acknowledged yet, in the state file (RULES 9). */
export class StateOutbox implements Outbox {
  readonly #state: StateFile
  readonly #facts: FactStore
  readonly #maxEvents: number
  #incarnation: string
  #lastSeq: number
  #acknowledgedSeq: number
  #count: number

  constructor(state: StateFile, options: OutboxOptions = {}) {
    this.#state = state
    this.#facts = new FactStore(state)
    this.#maxEvents = options.maxEvents ?? 20_000
    this.#incarnation = this.#facts.read('incarnation') ?? this.#facts.store('incarnation', randomUUID())
    this.#acknowledgedSeq = Number(this.#facts.read('acknowledged') ?? 0)
    this.#lastSeq = Math.max(
      this.#acknowledgedSeq,
      state.sql.get<{ seq: number }>(`select seq from sqlite_sequence where name = 'outbox'`)?.seq ?? 0,
    )
    this.#count = state.sql.get<{ n: number }>('select count(*) as n from outbox')?.n ?? 0
  }

  get incarnation(): string {
    return this.#incarnation
  }

  get acknowledgedSeq(): number {
    return this.#acknowledgedSeq
  }

  get lastSeq(): number {
    return this.#lastSeq
  }

  append(event: DurableEvent, at: number): number {
    return this.#state.transaction(() => {
      const subject = 'server' in event.data ? event.data.server : null
      if (LEVELS.has(event.name)) this.#remove(`name = ? and subject is ?`, event.name, subject)
      const seq = this.#insert(event, subject, at)
      if (this.#count > this.#maxEvents) this.#dropOldest(at)
      return seq
    })
  }

  read(afterSeq: number, limit: number): readonly SequencedEvent[] {
    const rows = this.#state.sql.all<OutboxRow>(
      'select seq, name, data, at from outbox where seq > ? order by seq limit ?',
      afterSeq,
      limit,
    )
    return rows.map(({ seq, name, data, at }) => ({
      incarnation: this.#incarnation,
      seq,
      at,
      // Written by `append` of this or an earlier release; readers keep what they do not know.
      event: { name, data: JSON.parse(data) } as DurableEvent,
    }))
  }

  acknowledge(seq: number): void {
    if (seq <= this.#acknowledgedSeq) return
    this.#state.transaction(() => {
      this.#remove('seq <= ?', seq)
      this.#facts.store('acknowledged', String(seq))
    })
    this.#acknowledgedSeq = seq
  }

  /**
   * Begins anew under another incarnation: the panel has seen more than this outbox ever sent, so the state file is older
   * than it should be. The caller appends a snapshot next.
   */
  renew(): void {
    this.#state.transaction(() => {
      this.#remove('true')
      this.#state.sql.run(`delete from sqlite_sequence where name = 'outbox'`)
      this.#facts.store('acknowledged', '0')
      this.#incarnation = this.#facts.store('incarnation', randomUUID())
    })
    this.#acknowledgedSeq = 0
    this.#lastSeq = 0
  }

  #insert(event: DurableEvent, subject: string | null, at: number): number {
    const { lastInsertRowid } = this.#state.sql.run(
      'insert into outbox (name, subject, data, at) values (?, ?, ?, ?)',
      event.name,
      subject,
      JSON.stringify(event.data),
      at,
    )
    this.#count += 1
    this.#lastSeq = Number(lastInsertRowid)
    return this.#lastSeq
  }

  /** Drops a tenth at once, so that a full outbox does not drop with every event; one `lost` event counts them all. */
  #dropOldest(at: number): void {
    const wanted = Math.max(1, Math.floor(this.#maxEvents / 10))
    const of = (condition: string, limit: number) =>
      this.#remove(`seq in (select seq from outbox where ${condition} order by seq limit ${limit})`)
    const levels = [...LEVELS].map((name) => `'${name}'`).join(', ')
    let dropped = of(`name not in (${levels}) and name not in ${ANSWERS}`, wanted)
    if (dropped === 0) dropped = of(`name not in (${levels})`, wanted)
    if (dropped === 0) return
    const before = this.#state.sql.get<{ data: string }>(`select data from outbox where name = 'lost'`)
    const count = dropped + (before ? (JSON.parse(before.data) as { count: number }).count : 0)
    this.#remove(`name = 'lost'`)
    this.#insert({ name: 'lost', data: { count, at } }, null, at)
  }

  #remove(condition: string, ...values: readonly unknown[]): number {
    const { changes } = this.#state.sql.run(`delete from outbox where ${condition}`, ...values)
    this.#count -= changes
    return changes
  }
}
