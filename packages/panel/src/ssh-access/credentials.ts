import type { SshCredential } from '@hatchery/core/protocol'
import type { Context } from '../context.ts'
import { addressList, isListed } from '../http/client-address.ts'
import { checkPassword } from '../users/passwords.ts'
import type { UserRow } from '../users/user-rows.ts'
import { APP_PASSWORD_PREFIX, appPasswordHash } from '../app-passwords/secret.ts'
import { fingerprintOf } from '../ssh-keys/public-key.ts'
import { readSshSettings } from './settings.ts'

/** What somebody has shown that fits, and where it is good for. */
export interface FittingCredential {
  readonly table: 'ssh_keys' | 'app_passwords' | null
  readonly id: number
  readonly uuid: string
  readonly servers: readonly string[] | null
  readonly lastUsedAt: number | null
  readonly lastUsedIp: string | null
}

interface StoredCredential {
  readonly id: number
  readonly uuid: string
  readonly servers: string | null
  readonly allowed_ips: string | null
  readonly expires_at: number | null
  readonly last_used_at: number | null
  readonly last_used_ip: string | null
}

const COLUMNS = ['id', 'uuid', 'servers', 'allowed_ips', 'expires_at', 'last_used_at', 'last_used_ip'] as const

/** A key of the user that is in force at this address; keys are no secret, so nobody has to be slowed down. */
export async function findKey(
  ctx: Pick<Context, 'db' | 'now'>,
  user: Pick<UserRow, 'id'>,
  { key }: Extract<SshCredential, { kind: 'publicKey' }>,
  address: string,
): Promise<FittingCredential | null> {
  const blob = Buffer.from(key, 'base64')
  const row = await ctx.db
    .selectFrom('ssh_keys')
    .select(COLUMNS)
    .select('public_key')
    .where('user_id', '=', user.id)
    .where('fingerprint', '=', fingerprintOf(blob))
    .executeTakeFirst()
  // Every byte decides, the name of its kind among them.
  if (!row || row.public_key.split(' ')[1] !== blob.toString('base64')) return null
  return inForce(ctx, row, address, 'ssh_keys')
}

export async function findAppPassword(
  ctx: Pick<Context, 'db' | 'now'>,
  user: Pick<UserRow, 'id'>,
  password: string,
  address: string,
): Promise<FittingCredential | null> {
  if (!password.startsWith(APP_PASSWORD_PREFIX)) return null
  const row = await ctx.db
    .selectFrom('app_passwords')
    .select(COLUMNS)
    .where('user_id', '=', user.id)
    .where('secret_hash', '=', appPasswordHash(password))
    .executeTakeFirst()
  return row ? inForce(ctx, row, address, 'app_passwords') : null
}

/** App passwords are told apart by their beginning and are never tried as anything else. */
export async function allowsAccountPasswords(ctx: Pick<Context, 'store'>, password: string): Promise<boolean> {
  return !password.startsWith(APP_PASSWORD_PREFIX) && (await readSshSettings(ctx.store)).accountPasswords
}

/**
 * The password of the account itself, for hosts that allow it while people move to keys; never of people with administrative
 * permissions or two-factor, for whom it is not enough elsewhere either (RULES 22).
 */
export async function fitsAccount(user: UserRow | undefined, password: string): Promise<FittingCredential | null> {
  const mayUse = user !== undefined && user.is_admin === 0 && user.totp_enabled_at === null
  // For nobody a hash is computed as well, so that the time says nothing about who exists.
  const { isRight } = await checkPassword(password, mayUse ? user.password_hash : null)
  if (!isRight || !user || !mayUse) return null
  return { table: null, id: 0, uuid: 'account', servers: null, lastUsedAt: null, lastUsedIp: null }
}

function inForce(
  { now }: Pick<Context, 'now'>,
  row: StoredCredential,
  address: string,
  table: 'ssh_keys' | 'app_passwords',
): FittingCredential | null {
  if (row.expires_at !== null && row.expires_at <= now()) return null
  if (row.allowed_ips !== null && !isListed(addressList(JSON.parse(row.allowed_ips) as string[]), address)) return null
  return {
    table,
    id: row.id,
    uuid: row.uuid,
    servers: row.servers === null ? null : (JSON.parse(row.servers) as string[]),
    lastUsedAt: row.last_used_at,
    lastUsedIp: row.last_used_ip,
  }
}
