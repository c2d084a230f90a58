import type { BodyOf, QueryOf, ResponseOf, createApiKey, deleteApiKey, listApiKeys } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import {
  ACCOUNT_PERMISSIONS,
  ADMIN_PERMISSIONS,
  EVERYTHING,
  SERVER_PERMISSIONS,
  keyAllows,
  type RequiredPermission,
} from '@hatchery/core/permissions'
import type { Selectable } from 'kysely'
import { callerOf, type Person } from '../access/caller.ts'
import type { RequestContext } from '../context.ts'
import { addressList } from '../http/client-address.ts'
import { decodeCursor, encodeCursor } from '../http/cursor.ts'
import { tokenHash } from '../sessions/sessions.ts'
import type { ApiKeysTable } from '../storage/tables/identity.ts'
import { newUuid } from '../storage/uuid.ts'
import { formatKey, newKey } from './key-format.ts'

export const API_KEY_LIMIT = 25

type CreatedKey = ResponseOf<typeof createApiKey>

export async function listOwnApiKeys(
  ctx: RequestContext,
  { limit = 25, cursor }: QueryOf<typeof listApiKeys>,
): Promise<ResponseOf<typeof listApiKeys>> {
  let query = ctx.db
    .selectFrom('api_keys')
    .selectAll()
    .where('user_id', '=', callerOf(ctx).userId)
    .where('revoked_at', 'is', null)
    .orderBy('id', 'desc')
    .limit(limit + 1)
  if (cursor !== undefined) query = query.where('id', '<', decodeCursor(cursor, 'number')[0])
  const rows = await query.execute()
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return { data: shown.map(toApiKey), nextCursor: rows.length > limit && last ? encodeCursor(last.id) : null }
}

export async function addApiKey(ctx: RequestContext, body: BodyOf<typeof createApiKey>): Promise<CreatedKey> {
  const caller = callerOf(ctx)
  const permissions = [...new Set(body.permissions ?? [])]
  requireOwn(caller, permissions)
  requireAddresses(body.allowedIps ?? [])
  const now = ctx.now()
  const expiresAt = body.expiresAt ?? null
  if (expiresAt !== null && expiresAt <= now) {
    throw new AppError('VALIDATION_FAILED', {
      fields: 'expiresAt',
      issues: [{ path: 'expiresAt', message: 'must be in the future' }],
    })
  }

  const { identifier, secret } = newKey()
  const row = {
    uuid: newUuid(now),
    user_id: caller.userId,
    name: body.name,
    identifier,
    secret_hash: tokenHash(secret),
    permissions: JSON.stringify(permissions),
    allowed_ips: JSON.stringify(body.allowedIps ?? []),
    last_used_at: null,
    expires_at: expiresAt,
    created_at: now,
    revoked_at: null,
  }
  await ctx.store.transaction(async (trx) => {
    await ctx.store.lockRow(trx, 'users', caller.userId)
    const { count } = await trx
      .selectFrom('api_keys')
      .select((select) => select.fn.countAll<number>().as('count'))
      .where('user_id', '=', caller.userId)
      .where('revoked_at', 'is', null)
      .executeTakeFirstOrThrow()
    if (Number(count) >= API_KEY_LIMIT) throw new AppError('API_KEY_LIMIT', { limit: API_KEY_LIMIT })
    await trx.insertInto('api_keys').values(row).execute()
    const data = { key: row.uuid, identifier }
    await ctx.events.append(trx, { type: 'api-key:created', userId: caller.userId, ip: ctx.ip, data })
  })
  return { key: toApiKey({ ...row, id: 0 }), secret: formatKey({ identifier, secret }) }
}

export async function removeApiKey(ctx: RequestContext, uuid: string): Promise<ResponseOf<typeof deleteApiKey>> {
  const { userId } = callerOf(ctx)
  await ctx.store.transaction(async (trx) => {
    const ended = await trx
      .updateTable('api_keys')
      .set({ revoked_at: ctx.now() })
      .where('uuid', '=', uuid)
      .where('user_id', '=', userId)
      .where('revoked_at', 'is', null)
      .executeTakeFirst()
    if (Number(ended.numUpdatedRows) === 0) throw new AppError('API_KEY_NOT_FOUND', { id: uuid })
    await ctx.revocations.revoke(trx, 'api-key', uuid)
    await ctx.events.append(trx, { type: 'api-key:deleted', userId, ip: ctx.ip, data: { key: uuid } })
  })
  return {}
}

/** A key holds no more than who makes it: the person, or the limited key that asks for another one. */
function requireOwn(caller: Person, wanted: readonly string[]): void {
  const limits = caller.kind === 'api-key' ? caller.permissions : []
  const isLimited = limits.length > 0 && !limits.includes(EVERYTHING)
  if (isLimited && wanted.length === 0) throw new AppError('GRANT_EXCEEDS_OWN', { permission: EVERYTHING })
  for (const name of wanted) {
    const meant = permissionsMeant(name)
    if (meant === null) {
      const issues = [{ path: 'permissions', message: `${name} is not a permission` }]
      throw new AppError('VALIDATION_FAILED', { fields: 'permissions', issues })
    }
    const isAdministrative = name.startsWith('admin:')
    const isOwn =
      !isLimited || limits.includes(name) || (meant.length > 0 && meant.every((one) => keyAllows(limits, one)))
    if (!isOwn || (isAdministrative && !caller.isAdmin)) throw new AppError('GRANT_EXCEEDS_OWN', { permission: name })
  }
}

const CATALOGUES = { server: SERVER_PERMISSIONS, account: ACCOUNT_PERMISSIONS, admin: ADMIN_PERMISSIONS } as const

/** What a name in a key's list stands for; empty for a whole catalogue, null for a name that means nothing. */
function permissionsMeant(name: string): readonly RequiredPermission[] | null {
  const [catalogue = '', plain] = name.split(':')
  if (name === EVERYTHING) return []
  if (plain === undefined) {
    // A plain name is one of a server or of the own account, never an administrator's.
    const meant = (['server', 'account'] as const).filter((one) => Object.hasOwn(CATALOGUES[one], name))
    return meant.length === 0 ? null : meant.map((one) => ({ [one]: name }) as unknown as RequiredPermission)
  }
  if (!Object.hasOwn(CATALOGUES, catalogue)) return null
  if (plain === EVERYTHING) return []
  const known = CATALOGUES[catalogue as keyof typeof CATALOGUES]
  return Object.hasOwn(known, plain) ? [{ [catalogue]: plain } as unknown as RequiredPermission] : null
}

function requireAddresses(entries: readonly string[]): void {
  try {
    addressList(entries)
  } catch (error) {
    const message = error instanceof Error ? error.message : 'is not an address'
    const issues = [{ path: 'allowedIps', message }]
    throw new AppError('VALIDATION_FAILED', { fields: 'allowedIps', issues }, { cause: error })
  }
}

function toApiKey(row: Selectable<ApiKeysTable>): CreatedKey['key'] {
  return {
    id: row.uuid,
    name: row.name,
    identifier: `hk_${row.identifier}`,
    permissions: JSON.parse(row.permissions) as string[],
    allowedIps: JSON.parse(row.allowed_ips) as string[],
    lastUsedAt: row.last_used_at,
    expiresAt: row.expires_at,
    createdAt: row.created_at,
  }
}
