import type { Transaction } from 'kysely'
import type { Bus } from '../bus/bus.ts'
import type { Database } from '../storage/schema.ts'
import type { Store } from '../storage/store.ts'
import { afterCommit } from '../storage/transaction-scope.ts'
import { newUuid } from '../storage/uuid.ts'
import type { EventLog, NewEvent, StoredEvent } from './event-log.ts'
import type { Sequencer } from './sequencer.ts'

export interface EventLogParts {
  readonly store: Store
  readonly bus: Bus
  readonly sequencer: Sequencer
  readonly now: () => number
}

/** The event log in the database; cursors read positions, never ids (RULES 6). */
export function createEventLog({ store, bus, sequencer, now }: EventLogParts): EventLog {
  return {
    async append(trx, event) {
      await insertEvent(store, trx, event, now())
      afterCommit(() => {
        if (store.dialect === 'sqlite') bus.publish('events', {})
        else sequencer.wake()
      })
    },

    async read(cursor, limit) {
      const head = await readHead(store)
      const after = cursor === null ? null : parseCursor(cursor)
      if (after && (after.epoch !== head.epoch || after.position > head.position)) return 'resync'

      const from = after?.position ?? 0
      const rows = await store.db
        .selectFrom('event_log')
        .selectAll()
        .where('position', '>', from)
        .orderBy('position')
        .limit(limit)
        .execute()
      const events = rows.map(toStored)
      const first = events[0]
      // Positions have no holes except at the start, where retention has deleted.
      if (after && first && first.position !== from + 1) return 'resync'
      if (after && !first && from < head.position) return 'resync'
      return {
        events,
        cursor: `${head.epoch}:${events.at(-1)?.position ?? Math.max(from, cursor === null ? head.position : 0)}`,
      }
    },

    async head() {
      const { epoch, position } = await readHead(store)
      return `${epoch}:${position}`
    },
  }
}

async function insertEvent(store: Store, trx: Transaction<Database>, event: NewEvent, at: number): Promise<void> {
  const id = await store.insertId(trx, 'event_log', {
    position: null,
    uuid: newUuid(at),
    type: event.type,
    user_id: event.userId ?? null,
    server_id: event.serverId ?? null,
    node_id: event.nodeId ?? null,
    ip: event.ip ?? null,
    data: JSON.stringify(event.data ?? {}),
    at,
  })
  // SQLite commits one transaction after the other, so ids are in commit order already.
  if (store.dialect === 'sqlite')
    await trx.updateTable('event_log').set({ position: id }).where('id', '=', id).execute()
}

async function readHead(store: Store): Promise<{ epoch: string; position: number }> {
  const { log_epoch: epoch, position } = await store.db
    .selectFrom('event_log_head')
    .select(['log_epoch', 'position'])
    .where('id', '=', 1)
    .executeTakeFirstOrThrow()
  if (store.dialect !== 'sqlite') return { epoch, position }
  const newest = await store.db
    .selectFrom('event_log')
    .select((row) => row.fn.max('position').as('position'))
    .executeTakeFirst()
  return { epoch, position: newest?.position ?? 0 }
}

function parseCursor(cursor: string): { epoch: string; position: number } | { epoch: null; position: number } {
  const match = /^([0-9a-f]+):(\d{1,15})$/.exec(cursor)
  return match ? { epoch: match[1]!, position: Number(match[2]) } : { epoch: null, position: 0 }
}

function toStored(row: {
  position: number | null
  uuid: string
  type: string
  user_id: number | null
  server_id: number | null
  node_id: number | null
  ip: string | null
  data: string
  at: number
}): StoredEvent {
  return {
    position: row.position ?? 0,
    uuid: row.uuid,
    type: row.type,
    userId: row.user_id,
    serverId: row.server_id,
    nodeId: row.node_id,
    ip: row.ip,
    data: JSON.parse(row.data) as Readonly<Record<string, unknown>>,
    at: row.at,
  }
}
