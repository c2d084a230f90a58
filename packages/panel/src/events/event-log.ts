import type { Transaction } from 'kysely'
import type { Database } from '../storage/schema.ts'

/** One row of the event log; activity, webhooks and live updates are readers of it. */
export interface NewEvent {
  /** `server:created`, `user:updated`, … */
  readonly type: string
  readonly userId?: number | null
  readonly serverId?: number | null
  readonly nodeId?: number | null
  readonly ip?: string | null
  /** Never a secret. */
  readonly data?: Readonly<Record<string, unknown>>
}

export interface StoredEvent {
  readonly position: number
  readonly uuid: string
  readonly type: string
  readonly userId: number | null
  readonly serverId: number | null
  readonly nodeId: number | null
  readonly ip: string | null
  readonly data: Readonly<Record<string, unknown>>
  readonly at: number
}

export interface EventLog {
  /** Writes the event in the transaction of the change itself. */
  append(trx: Transaction<Database>, event: NewEvent): Promise<void>
  /** Events after a cursor `{logEpoch}:{position}`, oldest first; `resync` when the cursor is of another epoch or too old. */
  read(
    cursor: string | null,
    limit: number,
  ): Promise<{ readonly events: readonly StoredEvent[]; readonly cursor: string } | 'resync'>
  /** Cursor of the newest positioned event. */
  head(): Promise<string>
}
