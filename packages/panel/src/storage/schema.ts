import type { Generated } from 'kysely'

/*
 * The panel's tables. Rules for all of them (RULES 7): `id` is AUTOINCREMENT and never leaves the process except through the
 * Pterodactyl-compatible API; `uuid` is public; times are integer milliseconds (`…_at`); booleans are 0 and 1; JSON is text;
 * `revision` rises with every visible change; `lock_count` is what `lockRow` updates.
 */
type Id = Generated<number>
type Flag = 0 | 1

export interface UsersTable {
  id: Id
  uuid: string
  external_id: string | null
  email: string
  username: string
  first_name: string
  last_name: string
  /** argon2id, or a bcrypt hash of an imported user that is replaced at the next sign-in. */
  password_hash: string | null
  /** The generated first password is still in force. */
  must_change_password: Flag
  is_admin: Flag
  state: string
  language: string
  totp_secret_encrypted: string | null
  totp_enabled_at: number | null
  /** Rises when access of any kind is taken away; sessions and channels below it end (RULES 8, 16). */
  access_revision: number
  created_at: number
  updated_at: number
  revision: number
  lock_count: number
}

/** Ids of other systems: `(system, external_id)` is unique per kind of object. */
export interface RefsTable {
  id: Id
  kind: string
  object_id: number
  system: string
  external_id: string
}

export interface SessionsTable {
  id: Id
  uuid: string
  user_id: number
  /** SHA-256 of the cookie's token, hex. */
  token_hash: string
  ip: string
  user_agent: string
  created_at: number
  last_seen_at: number
  expires_at: number
  revoked_at: number | null
}

export interface ApiKeysTable {
  id: Id
  uuid: string
  user_id: number
  name: string
  /** 16 characters, shown; the key is `hk_<identifier>_<secret>`. */
  identifier: string
  /** SHA-256 of the secret, hex. */
  secret_hash: string
  permissions: string
  allowed_ips: string
  last_used_at: number | null
  expires_at: number | null
  created_at: number
  revoked_at: number | null
}

/** Recovery codes and other single-use tokens, hashed. */
export interface OneTimeTokensTable {
  id: Id
  user_id: number
  kind: string
  token_hash: string
  expires_at: number | null
  used_at: number | null
  created_at: number
}

export interface SshKeysTable {
  id: Id
  uuid: string
  user_id: number
  name: string
  fingerprint: string
  public_key: string
  created_at: number
}

export interface LocationsTable {
  id: Id
  uuid: string
  name: string
  description: string
  created_at: number
  revision: number
}

export interface NodesTable {
  id: Id
  uuid: string
  location_id: number
  name: string
  description: string
  kind: string
  fqdn: string
  scheme: string
  is_public: Flag
  is_behind_proxy: Flag
  is_maintenance: Flag
  memory_mib: number
  memory_overallocate_percent: number
  disk_mib: number
  disk_overallocate_percent: number
  cpu_percent: number
  upload_limit_mib: number
  daemon_port: number
  daemon_sftp_port: number
  daemon_base: string
  /** Key id of the node secret in force, and of the one before while a rotation is under way. */
  key_id: string | null
  secret_encrypted: string | null
  previous_key_id: string | null
  previous_secret_encrypted: string | null
  /** Pterodactyl's daemon token, kept for an imported Wings node; encrypted. */
  wings_token_id: string | null
  wings_token_encrypted: string | null
  installation: string | null
  session_epoch: number
  /** Instance and internal address that hold the agent's socket. */
  instance: string | null
  instance_address: string | null
  panel_epoch: number
  generation_n: number
  is_recovery: Flag
  is_locked: Flag
  /** Outbox of the agent: which one, and how far it is stored. */
  incarnation: string | null
  stored_seq: number
  host: string | null
  clock_offset_ms: number
  last_seen_at: number | null
  created_at: number
  revision: number
  lock_count: number
}

export interface EnrolmentTokensTable {
  id: Id
  node_id: number
  token_hash: string
  /** SHA-256 of the secret that redeemed it: the same request gets the same answer. */
  redeemed_secret_hash: string | null
  redeemed_installation: string | null
  redeemed_key_id: string | null
  expires_at: number
  used_at: number | null
  created_at: number
}

export interface AllocationsTable {
  id: Id
  uuid: string
  node_id: number
  ip: string
  port: number
  alias: string | null
  notes: string | null
  server_id: number | null
  created_at: number
}

export interface NestsTable {
  id: Id
  uuid: string
  name: string
  author: string
  description: string
  created_at: number
  revision: number
}

export interface EggsTable {
  id: Id
  uuid: string
  nest_id: number
  /** The uuid inside the egg file, if it has one: an import with the same one can update. */
  source_uuid: string | null
  name: string
  author: string
  description: string
  format: string
  file_name: string
  /** The file as it was imported. */
  source: string
  /** Canonical model of core/eggs, JSON. */
  model: string
  created_at: number
  updated_at: number
  revision: number
}

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

/* Tables that an import fills now and a later version reads. */
export interface MountsTable {
  id: Id
  uuid: string
  name: string
  description: string
  source: string
  target: string
  is_read_only: Flag
  is_user_mountable: Flag
}
export interface MountLinksTable {
  id: Id
  mount_id: number
  /** egg, node, server */
  kind: string
  object_id: number
}
export interface SchedulesTable {
  id: Id
  uuid: string
  server_id: number
  name: string
  cron_minute: string
  cron_hour: string
  cron_day_of_month: string
  cron_month: string
  cron_day_of_week: string
  is_active: Flag
  only_when_online: Flag
  last_run_at: number | null
  created_at: number
}
export interface ScheduleStepsTable {
  id: Id
  schedule_id: number
  sequence: number
  action: string
  payload: string
  offset_seconds: number
  continue_on_failure: Flag
}
export interface BackupsTable {
  id: Id
  uuid: string
  server_id: number
  name: string
  ignored_files: string
  disk: string
  checksum: string | null
  bytes: number
  is_successful: Flag
  is_locked: Flag
  completed_at: number | null
  created_at: number
  deleted_at: number | null
}
export interface DatabaseHostsTable {
  id: Id
  uuid: string
  name: string
  host: string
  port: number
  username: string
  password_encrypted: string
  max_databases: number | null
  node_id: number | null
}
export interface DatabasesTable {
  id: Id
  uuid: string
  server_id: number
  database_host_id: number
  name: string
  username: string
  remote: string
  password_encrypted: string
  max_connections: number | null
}

export interface Database {
  users: UsersTable
  refs: RefsTable
  sessions: SessionsTable
  api_keys: ApiKeysTable
  one_time_tokens: OneTimeTokensTable
  ssh_keys: SshKeysTable
  locations: LocationsTable
  nodes: NodesTable
  enrolment_tokens: EnrolmentTokensTable
  allocations: AllocationsTable
  nests: NestsTable
  eggs: EggsTable
  servers: ServersTable
  server_variables: ServerVariablesTable
  server_holds: ServerHoldsTable
  server_features: ServerFeaturesTable
  tombstones: TombstonesTable
  subusers: SubusersTable
  server_access: ServerAccessTable
  operations: OperationsTable
  event_log: EventLogTable
  event_log_head: EventLogHeadTable
  raw_agent_events: RawAgentEventsTable
  revocations: RevocationsTable
  leases: LeasesTable
  idempotency_keys: IdempotencyKeysTable
  settings: SettingsTable
  mounts: MountsTable
  mount_links: MountLinksTable
  schedules: SchedulesTable
  schedule_steps: ScheduleStepsTable
  backups: BackupsTable
  database_hosts: DatabaseHostsTable
  databases: DatabasesTable
}
