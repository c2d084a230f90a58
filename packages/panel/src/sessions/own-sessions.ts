import type { QueryOf, ResponseOf, deleteSession, listSessions, signOut } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import { callerOf } from '../access/caller.ts'
import type { RequestContext } from '../context.ts'
import { sessionCookie } from '../http/cookies.ts'
import { decodeCursor, encodeCursor } from '../http/cursor.ts'
import { answer, type Reply } from '../http/reply.ts'

export async function listOwnSessions(
  ctx: RequestContext,
  { limit = 25, cursor }: QueryOf<typeof listSessions>,
): Promise<ResponseOf<typeof listSessions>> {
  const { userId } = callerOf(ctx)
  let query = ctx.db
    .selectFrom('sessions')
    .selectAll()
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', ctx.now())
    .orderBy('id', 'desc')
    .limit(limit + 1)
  if (cursor !== undefined) query = query.where('id', '<', decodeCursor(cursor, 'number')[0])
  const rows = await query.execute()
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return {
    data: shown.map((row) => ({
      id: row.uuid,
      current: ctx.principal.kind === 'session' && ctx.principal.sessionId === row.id,
      ip: row.ip,
      userAgent: row.user_agent,
      createdAt: row.created_at,
      lastSeenAt: row.last_seen_at,
      expiresAt: row.expires_at,
    })),
    nextCursor: rows.length > limit && last ? encodeCursor(last.id) : null,
  }
}

export async function endSession(ctx: RequestContext, uuid: string): Promise<ResponseOf<typeof deleteSession>> {
  const { userId } = callerOf(ctx)
  await ctx.store.transaction(async (trx) => {
    const ended = await trx
      .updateTable('sessions')
      .set({ revoked_at: ctx.now() })
      .where('uuid', '=', uuid)
      .where('user_id', '=', userId)
      .where('revoked_at', 'is', null)
      .executeTakeFirst()
    if (Number(ended.numUpdatedRows) === 0) throw new AppError('SESSION_NOT_FOUND')
    await ctx.revocations.revoke(trx, 'session', uuid)
    await ctx.events.append(trx, { type: 'account:session-ended', userId, ip: ctx.ip })
  })
  return {}
}

/** Ends the session of this request; a key or a host's sign-in has none to end. */
export async function endCurrentSession(ctx: RequestContext): Promise<Reply<ResponseOf<typeof signOut>>> {
  const { principal } = ctx
  if (principal.kind === 'session') {
    await ctx.store.transaction(async (trx) => {
      const row = await trx
        .selectFrom('sessions')
        .select('uuid')
        .where('id', '=', principal.sessionId)
        .executeTakeFirst()
      if (!row) return
      await trx
        .updateTable('sessions')
        .set({ revoked_at: ctx.now() })
        .where('id', '=', principal.sessionId)
        .where('revoked_at', 'is', null)
        .execute()
      await ctx.revocations.revoke(trx, 'session', row.uuid)
    })
  }
  return answer(200, {}, { 'set-cookie': sessionCookie('', { isSecure: ctx.isSecure, maxAgeSeconds: 0 }) })
}
