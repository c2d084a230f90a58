import { hash, randomBytes } from 'node:crypto'
import type { Transaction } from 'kysely'
import type { Context } from '../context.ts'
import type { Database } from '../storage/schema.ts'
import { newUuid } from '../storage/uuid.ts'

const TOKEN_BYTES = 32

export interface NewSession {
  readonly userId: number
  readonly ip: string
  readonly userAgent: string
}

/** An opaque token of 256 random bits needs no slow hash: SHA-256 at rest. */
export function tokenHash(token: string): string {
  return hash('sha256', token, 'hex')
}

/** Starts a session. The token is answered this once and kept nowhere. */
export async function createSession(
  ctx: Pick<Context, 'now' | 'config'>,
  trx: Transaction<Database>,
  { userId, ip, userAgent }: NewSession,
): Promise<string> {
  const token = randomBytes(TOKEN_BYTES).toString('base64url')
  const now = ctx.now()
  await trx
    .insertInto('sessions')
    .values({
      uuid: newUuid(now),
      user_id: userId,
      token_hash: tokenHash(token),
      ip,
      user_agent: userAgent.slice(0, 512),
      created_at: now,
      last_seen_at: now,
      expires_at: now + ctx.config.sessionLifetimeMs,
      revoked_at: null,
    })
    .execute()
  return token
}

/** Ends a user's sessions, all or all but one. Rows stay, because they say from where somebody has signed in before. */
export async function endSessions(
  ctx: Pick<Context, 'now' | 'revocations'>,
  trx: Transaction<Database>,
  userId: number,
  exceptSessionId: number | null = null,
): Promise<void> {
  const open = await trx
    .selectFrom('sessions')
    .select(['id', 'uuid'])
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .execute()
  const ending = open.filter(({ id }) => id !== exceptSessionId)
  if (ending.length === 0) return
  await trx
    .updateTable('sessions')
    .set({ revoked_at: ctx.now() })
    .where(
      'id',
      'in',
      ending.map(({ id }) => id),
    )
    .execute()
  for (const { uuid } of ending) await ctx.revocations.revoke(trx, 'session', uuid)
}
