import type { Flag, Id } from './columns.ts'

// Jobs, events and what holds the panel together.

export interface OperationsTable {
  id: Id
  uuid: string
  kind: string
  class: string
  status: string
  server_id: number | null
  node_id: number | null
  user_id: number | null
  /** Permission that a cancel needs. */
  permission: string
  phase: string
  progress: string | null
  /** SHA-256 of the body sent to the node: the same id with another body is an error. */
  body_hash: string
  body: string
  can_cancel: Flag
  sent_at: number | null
  error: string | null
  created_at: number
  finished_at: number | null
  revision: number
}

/** `id` is identity only; `position` is what cursors read (RULES 6). On SQLite position = id. */
export interface EventLogTable {
  id: Id
  position: number | null
  uuid: string
  type: string
  user_id: number | null
  server_id: number | null
  node_id: number | null
  ip: string | null
  data: string
  at: number
}

export interface EventLogHeadTable {
  id: number
  log_epoch: string
  position: number
  lock_count: number
}

/** Durable events that this version does not understand, stored raw (RULES 9). */
export interface RawAgentEventsTable {
  id: Id
  node_id: number
  incarnation: string
  seq: number
  body: string
  at: number
}

/** Rising revisions of what was taken away; every instance reads it each second (RULES 8). */
export interface RevocationsTable {
  id: Id
  kind: string
  subject: string
  at: number
}

export interface LeasesTable {
  name: string
  holder: string
  /** Fencing token, checked in the transaction that makes the effect. */
  token: number
  expires_at: number
}

export interface IdempotencyKeysTable {
  id: Id
  principal: string
  key: string
  request_hash: string
  status: number | null
  response: string | null
  created_at: number
}

export interface SettingsTable {
  name: string
  value: string
  updated_at: number
}
