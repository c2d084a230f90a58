import { randomBytes } from 'node:crypto'
import { AppError } from '@hatchery/core/errors'
import type { Context } from '../context.ts'

type Column = 'secret_encrypted' | 'previous_secret_encrypted'

const placeOf = (column: Column, uuid: string): string => `nodes:${column}:${uuid}`

export function sealNodeSecret(
  ctx: Pick<Context, 'secrets'>,
  column: Column,
  uuid: string,
  secret: Uint8Array,
): string {
  return ctx.secrets.encrypt(secret, placeOf(column, uuid))
}

export function openNodeSecret(
  ctx: Pick<Context, 'secrets'>,
  column: Column,
  uuid: string,
  sealed: string,
): Uint8Array {
  return ctx.secrets.decrypt(sealed, placeOf(column, uuid))
}

/** The secret of a node under a key id: the one in force, or the one before while a rotation is under way (RULES 15). */
export async function findNodeSecret(
  ctx: Pick<Context, 'db' | 'secrets'>,
  uuid: string,
  keyId: string,
): Promise<Uint8Array | null> {
  const node = await ctx.db
    .selectFrom('nodes')
    .select(['kind', 'is_locked', 'key_id', 'secret_encrypted', 'previous_key_id', 'previous_secret_encrypted'])
    .where('uuid', '=', uuid)
    .executeTakeFirst()
  if (!node || node.kind !== 'agent' || node.is_locked === 1) return null
  if (node.key_id === keyId && node.secret_encrypted !== null) {
    return openNodeSecret(ctx, 'secret_encrypted', uuid, node.secret_encrypted)
  }
  if (node.previous_key_id === keyId && node.previous_secret_encrypted !== null) {
    return openNodeSecret(ctx, 'previous_secret_encrypted', uuid, node.previous_secret_encrypted)
  }
  return null
}

/** Random and public, it names a secret without saying anything about it. */
export const newKeyId = (): string => `nk_${randomBytes(9).toString('base64url')}`

/** @throws AppError `BAD_REQUEST` when it is not 32 bytes in base64url */
export function decodeNodeSecret(text: string): Uint8Array {
  const secret = Buffer.from(text, 'base64url')
  if (secret.length !== 32) throw new AppError('BAD_REQUEST', { reason: 'the secret is not 32 bytes' })
  return secret
}
