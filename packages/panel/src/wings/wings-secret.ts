import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { Context } from '../context.ts'

const placeOf = (uuid: string): string => `nodes:wings_token_encrypted:${uuid}`

export interface WingsCredentials {
  /** Public half, 16 characters. */
  readonly id: string
  /** 64 characters; both sides prove themselves with it. */
  readonly secret: string
}

export function createWingsCredentials(): WingsCredentials {
  return { id: randomBytes(8).toString('hex'), secret: randomBytes(32).toString('hex') }
}

export function sealWingsSecret(ctx: Pick<Context, 'secrets'>, node: string, secret: string): string {
  return ctx.secrets.encrypt(Buffer.from(secret), placeOf(node))
}

export function openWingsSecret(ctx: Pick<Context, 'secrets'>, node: string, sealed: string): string {
  return Buffer.from(ctx.secrets.decrypt(sealed, placeOf(node))).toString()
}

export interface WingsNode {
  readonly id: number
  readonly uuid: string
}

/** The node that sends `Authorization: Bearer <id>.<secret>`; null when no node proves itself by it. */
export async function findWingsNode(
  ctx: Pick<Context, 'db' | 'secrets'>,
  authorization: string | undefined,
): Promise<WingsNode | null> {
  const [, id, secret] = /^Bearer ([^.\s]{1,64})\.([^.\s]{1,255})$/.exec(authorization ?? '') ?? []
  if (id === undefined || secret === undefined) return null
  const node = await ctx.db
    .selectFrom('nodes')
    .select(['id', 'uuid', 'wings_token_encrypted'])
    .where('wings_token_id', '=', id)
    .where('kind', '=', 'wings')
    .where('is_locked', '=', 0)
    .executeTakeFirst()
  if (!node || node.wings_token_encrypted === null) return null
  const expected = Buffer.from(openWingsSecret(ctx, node.uuid, node.wings_token_encrypted))
  const given = Buffer.from(secret)
  return expected.length === given.length && timingSafeEqual(expected, given) ? { id: node.id, uuid: node.uuid } : null
}
