import { flag, hash, id, index, integer, nullable, table, text, unique, uuid, varchar, type Step } from '../table.ts'

/** Milliseconds since 1970. */
const now = integer

/** Jobs, events, and what instances agree on. */
export const work: readonly Step[] = [
  table('operations', {
    id: id(),
    uuid: uuid(),
    kind: varchar(40),
    class: varchar(20),
    status: varchar(20),
    server_id: nullable(integer()),
    node_id: nullable(integer()),
    user_id: nullable(integer()),
    permission: varchar(64),
    phase: varchar(64),
    progress: nullable(text()),
    body_hash: varchar(64),
    body: text(),
    can_cancel: flag(),
    sent_at: nullable(now()),
    error: nullable(text()),
    created_at: now(),
    finished_at: nullable(now()),
    revision: integer(),
  }),
  unique('operations', 'uuid'),
  index('operations', ['server_id', 'status']),
  index('operations', ['node_id', 'status']),
  index('operations', ['user_id', 'id']),
  index('operations', ['status', 'id']),
  index('operations', ['finished_at']),

  table('event_log', {
    id: id(),
    position: nullable(integer()),
    uuid: uuid(),
    type: varchar(64),
    user_id: nullable(integer()),
    server_id: nullable(integer()),
    node_id: nullable(integer()),
    ip: nullable(varchar(64)),
    data: text(),
    at: now(),
  }),
  unique('event_log', 'position'),
  index('event_log', ['server_id', 'id']),
  index('event_log', ['user_id', 'id']),
  index('event_log', ['at']),

  table('event_log_head', { id: integer(), log_epoch: varchar(32), position: integer(), lock_count: integer() }, [
    'id',
  ]),

  table('raw_agent_events', {
    id: id(),
    node_id: integer(),
    incarnation: varchar(64),
    seq: integer(),
    body: text(),
    at: now(),
  }),
  unique('raw_agent_events', 'node_id', 'incarnation', 'seq'),

  table('revocations', { id: id(), kind: varchar(40), subject: varchar(), at: now() }),
  index('revocations', ['at']),

  table('leases', { name: varchar(64), holder: varchar(), token: integer(), expires_at: now() }, ['name']),

  table('idempotency_keys', {
    id: id(),
    principal: varchar(64),
    key: varchar(255),
    request_hash: hash(),
    status: nullable(integer()),
    response: nullable(text()),
    created_at: now(),
  }),
  unique('idempotency_keys', 'principal', 'key'),
  index('idempotency_keys', ['created_at']),

  table('settings', { name: varchar(), value: text(), updated_at: now() }, ['name']),
]
