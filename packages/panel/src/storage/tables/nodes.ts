import type { Flag, Id } from './columns.ts'

// Where servers run.

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
