import { createHash } from 'node:crypto'
import { AppError, type ErrorBody } from '@hatchery/core/errors'
import type { AgentMethod } from '@hatchery/core/protocol'
import type { OperationClass } from '@hatchery/core/api'
import type { StateFile } from './state-file.ts'

/** How an operation was answered: the same answer is given to every repetition. */
export type Answer = { readonly result: unknown } | { readonly error: ErrorBody }

export interface OperationRecord {
  readonly id: string
  readonly method: string
  readonly server: string | null
  readonly class: OperationClass
  readonly body: unknown
  readonly phase: string
  readonly answer: Answer | null
  readonly status: 'succeeded' | 'failed' | 'cancelled' | 'unknown' | null
}

interface OperationRow {
  readonly id: string
  readonly method: string
  readonly server: string | null
  readonly class: OperationClass
  readonly body_hash: string
  readonly body: string
  readonly phase: string
  readonly answer: string | null
  readonly status: OperationRecord['status']
}

/** Every operation the panel sent, kept until the panel says that it may be forgotten (RULES 4). */
export class OperationJournal {
  readonly #state: StateFile

  constructor(state: StateFile) {
    this.#state = state
  }

  /**
   * Records an operation before anything is done for it.
   * @returns the record of an earlier arrival, or null if this is the first
   * @throws AppError `OPERATION_BODY_MISMATCH` if the id was used with another content
   */
  begin(
    id: string,
    method: AgentMethod,
    operationClass: OperationClass,
    server: string | null,
    body: Readonly<Record<string, unknown>>,
    at: number,
  ): OperationRecord | null {
    const text = canonical(body)
    const hash = createHash('sha256').update(`${method}\n${text}`).digest('hex')
    return this.#state.transaction(() => {
      const known = this.#row(id)
      if (known) {
        if (known.body_hash !== hash) throw new AppError('OPERATION_BODY_MISMATCH', { id })
        return toRecord(known)
      }
      this.#state.sql.run(
        `insert into operations (id, method, server, class, body_hash, body, phase, created_at)
         values (?, ?, ?, ?, ?, ?, 'accepted', ?)`,
        id,
        method,
        server,
        operationClass,
        hash,
        text,
        at,
      )
      return null
    })
  }

  answer(id: string, answer: Answer): void {
    this.#state.sql.run('update operations set answer = ? where id = ?', JSON.stringify(answer), id)
  }

  /** @returns false if it had finished before */
  finish(id: string, status: NonNullable<OperationRecord['status']>, at: number): boolean {
    const { changes } = this.#state.sql.run(
      `update operations set status = ?, finished_at = ?, phase = 'finished' where id = ? and status is null`,
      status,
      at,
      id,
    )
    return changes > 0
  }

  setPhase(id: string, phase: string): void {
    this.#state.sql.run('update operations set phase = ? where id = ? and status is null', phase, id)
  }

  find(id: string): OperationRecord | null {
    const row = this.#row(id)
    return row ? toRecord(row) : null
  }

  /** Operations that nobody has finished, oldest first. */
  unfinished(): readonly OperationRecord[] {
    return this.#state.sql
      .all<OperationRow>('select * from operations where status is null order by created_at, id')
      .map(toRecord)
  }

  /** Drops results of operations that ended before `before`. */
  forget(before: number): void {
    this.#state.sql.run('delete from operations where finished_at < ?', before)
  }

  #row(id: string): OperationRow | undefined {
    return this.#state.sql.get<OperationRow>('select * from operations where id = ?', id)
  }
}

function toRecord(row: OperationRow): OperationRecord {
  return {
    id: row.id,
    method: row.method,
    server: row.server,
    class: row.class,
    body: JSON.parse(row.body),
    phase: row.phase,
    answer: row.answer === null ? null : (JSON.parse(row.answer) as Answer),
    status: row.status,
  }
}

/** JSON with sorted keys: two bodies that mean the same have the same text. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, entry: unknown) =>
    entry !== null && typeof entry === 'object' && !Array.isArray(entry)
      ? Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1)))
      : entry,
  )
}
