import type {
  BodyOf,
  QueryOf,
  ResponseOf,
  SshKey,
  addSshKey as AddSshKey,
  deleteSshKey,
  listSshKeys,
} from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import type { Selectable, Transaction } from 'kysely'
import { callerOf } from '../access/caller.ts'
import type { RequestContext } from '../context.ts'
import { decodeCursor, encodeCursor } from '../http/cursor.ts'
import { boundsOf, readBounds, requireFullKey, type BoundColumns } from '../ssh-access/bounds.ts'
import { orExists } from '../storage/or-exists.ts'
import type { Database } from '../storage/schema.ts'
import type { SshKeysTable } from '../storage/tables/identity.ts'
import { newUuid } from '../storage/uuid.ts'
import { revokeUser } from '../users/write-user.ts'
import { parsePublicKey, type PublicKey } from './public-key.ts'

export const SSH_KEY_LIMIT = 50

export async function listOwnSshKeys(
  ctx: RequestContext,
  { limit = 25, cursor }: QueryOf<typeof listSshKeys>,
): Promise<ResponseOf<typeof listSshKeys>> {
  let query = ctx.db
    .selectFrom('ssh_keys')
    .selectAll()
    .where('user_id', '=', callerOf(ctx).userId)
    .orderBy('id', 'desc')
    .limit(limit + 1)
  if (cursor !== undefined) query = query.where('id', '<', decodeCursor(cursor, 'number')[0])
  const rows = await query.execute()
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return { data: shown.map(toSshKey), nextCursor: rows.length > limit && last ? encodeCursor(last.id) : null }
}

export async function addSshKey(ctx: RequestContext, body: BodyOf<typeof AddSshKey>): Promise<SshKey> {
  requireFullKey(ctx)
  const key = parsePublicKey(body.publicKey)
  const name = body.name ?? (key.comment.trim() || key.fingerprint)
  const bounds = await readBounds(ctx, body)
  const exists = () => new AppError('SSH_KEY_EXISTS', { name })
  return orExists(
    ctx.store.transaction(async (trx) => {
      const known = await lockOwnKeys(ctx, trx)
      const same = known.find(({ fingerprint }) => fingerprint === key.fingerprint)
      if (same) throw new AppError('SSH_KEY_EXISTS', { name: same.name })
      if (known.length >= SSH_KEY_LIMIT) throw new AppError('SSH_KEY_LIMIT', { limit: SSH_KEY_LIMIT })
      return insertKey(ctx, trx, { key, name, bounds })
    }),
    exists,
  )
}

/** The own keys as they are now; nobody adds another one meanwhile. */
export async function lockOwnKeys(
  ctx: RequestContext,
  trx: Transaction<Database>,
): Promise<readonly { readonly fingerprint: string; readonly name: string }[]> {
  const { userId } = callerOf(ctx)
  await ctx.store.lockRow(trx, 'users', userId)
  return trx.selectFrom('ssh_keys').select(['fingerprint', 'name']).where('user_id', '=', userId).execute()
}

export async function insertKey(
  ctx: RequestContext,
  trx: Transaction<Database>,
  { key, name, bounds }: { readonly key: PublicKey; readonly name: string; readonly bounds: BoundColumns },
): Promise<SshKey> {
  const { userId } = callerOf(ctx)
  const now = ctx.now()
  const row = {
    uuid: newUuid(now),
    user_id: userId,
    name: name.slice(0, 191),
    algorithm: key.algorithm,
    fingerprint: key.fingerprint,
    public_key: `${key.algorithm} ${key.blob.toString('base64')}`,
    ...bounds,
    is_expired: null,
    last_used_at: null,
    last_used_ip: null,
    created_at: now,
  }
  await trx.insertInto('ssh_keys').values(row).execute()
  const data = { key: row.uuid, fingerprint: row.fingerprint }
  await ctx.events.append(trx, { type: 'ssh-key:created', userId, ip: ctx.ip, data })
  return toSshKey(row)
}

export async function renameSshKey(ctx: RequestContext, uuid: string, name: string): Promise<SshKey> {
  const { userId } = callerOf(ctx)
  const row = await ctx.store.transaction(async (trx) => {
    const { numUpdatedRows } = await trx
      .updateTable('ssh_keys')
      .set({ name })
      .where('uuid', '=', uuid)
      .where('user_id', '=', userId)
      .executeTakeFirst()
    const renamed = await trx
      .selectFrom('ssh_keys')
      .selectAll()
      .where('uuid', '=', uuid)
      .where('user_id', '=', userId)
      .executeTakeFirst()
    if (!renamed) throw new AppError('SSH_KEY_NOT_FOUND', { id: uuid })
    if (numUpdatedRows > 0n) {
      await ctx.events.append(trx, { type: 'ssh-key:renamed', userId, ip: ctx.ip, data: { key: uuid, name } })
    }
    return renamed
  })
  return toSshKey(row)
}

/** What its owner has open at nodes ends: which credential a session came by is the node's to know. */
export async function removeSshKey(ctx: RequestContext, uuid: string): Promise<ResponseOf<typeof deleteSshKey>> {
  const { userId, userUuid } = callerOf(ctx)
  await ctx.store.transaction(async (trx) => {
    const { numDeletedRows } = await trx
      .deleteFrom('ssh_keys')
      .where('uuid', '=', uuid)
      .where('user_id', '=', userId)
      .executeTakeFirst()
    if (numDeletedRows === 0n) throw new AppError('SSH_KEY_NOT_FOUND', { id: uuid })
    await revokeUser(ctx, trx, { id: userId, uuid: userUuid })
    await ctx.events.append(trx, { type: 'ssh-key:deleted', userId, ip: ctx.ip, data: { key: uuid } })
  })
  return {}
}

function toSshKey(row: Omit<Selectable<SshKeysTable>, 'id'>): SshKey {
  return {
    id: row.uuid,
    name: row.name,
    algorithm: row.algorithm ?? row.public_key.split(' ')[0] ?? '',
    fingerprint: row.fingerprint,
    publicKey: row.public_key,
    ...boundsOf(row),
    lastUsedAt: row.last_used_at,
    lastUsedIp: row.last_used_ip,
    createdAt: row.created_at,
  }
}
