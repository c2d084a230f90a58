import type { Flag, Id } from './columns.ts'

// People, and how they prove who they are.

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
  /** As OpenSSH prints it: `SHA256:` and 43 characters. */
  fingerprint: string
  /** `<algorithm> <base64>` without a comment. */
  public_key: string
  created_at: number
  algorithm: string | null
  /** JSON list of server uuids that it is good for; null for all. */
  servers: string | null
  /** JSON list of addresses and CIDR blocks it is good from; null for anywhere. */
  allowed_ips: string | null
  expires_at: number | null
  /** Its end has been told to the nodes. */
  is_expired: Flag | null
  last_used_at: number | null
  last_used_ip: string | null
}

/** Passwords for one program each, for SFTP only. */
export interface AppPasswordsTable {
  id: Id
  uuid: string
  user_id: number
  name: string
  /** SHA-256 of the whole password, hex. */
  secret_hash: string
  servers: string | null
  allowed_ips: string | null
  expires_at: number | null
  is_expired: Flag | null
  last_used_at: number | null
  last_used_ip: string | null
  created_at: number
}

/**
 * The least access revision that sessions at nodes may have (RULES 16). Of each user and server there is one row, which rises;
 * no server means all of them. Rows outlive what they name, because nodes may still have to hear of it.
 */
export interface AccessFloorsTable {
  id: Id
  user_uuid: string
  server_uuid: string | null
  min_revision: number
  at: number
}
