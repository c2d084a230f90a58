import type { Server } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import type { Transaction } from 'kysely'
import { raiseAccess } from '../access/raise-access.ts'
import { actorOf, requesterOf } from '../activity/actor.ts'
import type { AuthorizedServer, RequestContext } from '../context.ts'
import type { Database } from '../storage/schema.ts'
import { lockServer } from './lock-server.ts'
import { readServer } from './read-server.ts'
import { raiseGeneration, touchServer } from './touch-server.ts'

type HoldKind = Server['holds'][number]

/** Suspends a server. The node keeps it down by its spec; one that runs is told to stop, however late the node hears it. */
export async function placeHold(
  ctx: RequestContext,
  server: AuthorizedServer,
  kind: HoldKind,
  reason: string,
): Promise<Server> {
  const stop = await ctx.store.transaction(async (trx, afterCommit) => {
    const row = await lockServer(ctx, trx, server)
    const present = await trx
      .selectFrom('server_holds')
      .select(['id', 'reason'])
      .where('server_id', '=', server.id)
      .where('kind', '=', kind)
      .executeTakeFirst()
    if (present?.reason === reason) return null
    if (present) {
      await trx.updateTable('server_holds').set({ reason }).where('id', '=', present.id).execute()
    } else {
      await trx
        .insertInto('server_holds')
        .values({ server_id: server.id, kind, reason, created_by: actorOf(ctx).userId, created_at: ctx.now() })
        .execute()
      await raiseGeneration(trx, row)
      await endSessionsAt(ctx, trx, row)
    }
    await touchServer(ctx, { trx, afterCommit }, row, 'person')
    await ctx.events.append(trx, {
      type: 'server:hold.placed',
      ...actorOf(ctx),
      serverId: server.id,
      nodeId: row.node_id,
      data: { kind, reason },
    })
    if (present || row.process_state === 'offline' || row.is_deleting === 1) return null
    return ctx.operations.create(trx, {
      kind: 'power.stop',
      class: 'converge',
      method: 'server.power',
      params: { server: row.uuid, action: 'stop' },
      serverId: row.id,
      nodeId: row.node_id,
      userId: actorOf(ctx).userId,
      requestedBy: requesterOf(ctx),
      permission: 'admin:servers.suspend',
      lifetimeMs: null,
      canCancel: false,
    })
  })
  ctx.operations.applySpec(server.id)
  if (stop !== null) ctx.operations.dispatch(stop)
  return readServer(ctx, server)
}

/** What people have open of the server at its node ends; who administers the panel may come back. */
async function endSessionsAt(
  ctx: RequestContext,
  trx: Transaction<Database>,
  server: { readonly id: number; readonly uuid: string },
): Promise<void> {
  const people = await trx
    .selectFrom('server_access')
    .innerJoin('users', 'users.id', 'server_access.user_id')
    .select(['users.id', 'users.uuid'])
    .distinct()
    .where('server_access.server_id', '=', server.id)
    .orderBy('users.id')
    .execute()
  for (const person of people) await raiseAccess(ctx, trx, person, server)
  await ctx.revocations.revoke(trx, 'server', server.uuid)
}

/** Lifts one hold; the others stay in force. */
export async function liftHold(ctx: RequestContext, server: AuthorizedServer, kind: HoldKind): Promise<Server> {
  await ctx.store.transaction(async (trx, afterCommit) => {
    const row = await lockServer(ctx, trx, server)
    const { numDeletedRows } = await trx
      .deleteFrom('server_holds')
      .where('server_id', '=', server.id)
      .where('kind', '=', kind)
      .executeTakeFirst()
    if (numDeletedRows === 0n) throw new AppError('HOLD_NOT_FOUND', { id: server.uuid, kind })
    await raiseGeneration(trx, row)
    await touchServer(ctx, { trx, afterCommit }, row, 'person')
    await ctx.events.append(trx, {
      type: 'server:hold.lifted',
      ...actorOf(ctx),
      serverId: server.id,
      nodeId: row.node_id,
      data: { kind },
    })
  })
  ctx.operations.applySpec(server.id)
  return readServer(ctx, server)
}
