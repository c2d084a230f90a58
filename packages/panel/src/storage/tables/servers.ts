import type { Flag, Id } from './columns.ts'

// Servers, and who may reach them.

export interface ServersTable {
  id: Id
  uuid: string
  short_id: string
  external_id: string | null
  name: string
  description: string
  owner_id: number
  team_id: number | null
  node_id: number
  egg_id: number
  primary_allocation_id: number | null
  image: string
  startup: string
  memory_mib: number
  swap_mib: number
  disk_mib: number
  cpu_percent: number
  cpu_pinning: string | null
  io_weight: number
  pids_limit: number
  oom_killer: Flag
  database_limit: number
  allocation_limit: number
  backup_limit: number
  skip_scripts: Flag
  /** What the node reported last: offline, starting, running, stopping. */
  process_state: string
  /** none, installing, installed, failed. */
  install_state: string
  /** The panel has decided to delete it; the tombstone is on its way. */
  is_deleting: Flag
  /** RULES 13: a report is stored only if this pair is greater. */
  report_session_epoch: number
  report_state_seq: number
  run: number
  last_exit: string | null
  /** Spec generation `(generation_epoch, generation_n)` that the panel wants. */
  generation_epoch: number
  generation_n: number
  authority_epoch: number
  operation_uuid: string | null
  installed_at: number | null
  created_at: number
  updated_at: number
  /** Every visible change, the node's reports included: key of the summary cache. */
  summary_revision: number
  /** Changes by people: what `If-Match` compares. */
  revision: number
  lock_count: number
  /** `ServerLifecycle` as JSON; null is the default. */
  lifecycle: string | null
}

export interface ServerVariablesTable {
  id: Id
  server_id: number
  env_variable: string
  value: string
}

export interface ServerHoldsTable {
  id: Id
  server_id: number
  kind: string
  reason: string
  created_by: number | null
  created_at: number
}

export interface ServerFeaturesTable {
  id: Id
  server_id: number
  feature: string
  line: string
  at: number
}

/** Deletion is explicit and kept (RULES 1). */
export interface TombstonesTable {
  id: Id
  server_uuid: string
  node_id: number
  generation_epoch: number
  generation_n: number
  operation_uuid: string
  created_at: number
  confirmed_at: number | null
}

export interface SubusersTable {
  id: Id
  uuid: string
  server_id: number
  user_id: number
  permissions: string
  created_at: number
  revision: number
}

/** The only thing that lists and `authorize()` read; kept in the transaction of its causes. */
export interface ServerAccessTable {
  user_id: number
  server_id: number
  /** owner, subuser, team, role */
  source: string
  /** JSON list of permission names, `["*"]` for all. */
  permissions: string
}

/** A link to a selection of files; taken, it is deleted. */
export interface FileDownloadsTable {
  id: Id
  uuid: string
  /** Who made it; nobody else takes it. */
  user_id: number
  server_id: number
  /** JSON of directory, names and format. */
  selection: string
  expires_at: number
}
