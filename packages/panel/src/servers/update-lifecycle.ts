import type { BodyOf, Server, updateServerLifecycle } from '@hatchery/core/api'
import { actorOf } from '../activity/actor.ts'
import type { AuthorizedServer, RequestContext } from '../context.ts'
import { checkRevision } from '../http/revision.ts'
import { lifecycleOf } from './lifecycle.ts'
import { lockServer } from './lock-server.ts'
import { readServer } from './read-server.ts'
import { raiseGeneration, touchServer } from './touch-server.ts'

/** Parts that are not named stay as they are. It applies from now on, to a server that runs as well. */
export async function updateLifecycle(
  ctx: RequestContext,
  server: AuthorizedServer,
  body: BodyOf<typeof updateServerLifecycle>,
  ifMatch: number | null,
): Promise<Server> {
  await ctx.store.transaction(async (trx, afterCommit) => {
    const row = await lockServer(ctx, trx, server)
    checkRevision(ifMatch, row.revision)
    const before = lifecycleOf(row.lifecycle)
    const after = { ...before, ...body, crash: { ...before.crash, ...body.crash } }
    await trx
      .updateTable('servers')
      .set({ lifecycle: JSON.stringify(after) })
      .where('id', '=', row.id)
      .execute()
    await raiseGeneration(trx, row)
    await touchServer(ctx, { trx, afterCommit }, row, 'person')
    await ctx.events.append(trx, {
      type: 'server:lifecycle.updated',
      ...actorOf(ctx),
      serverId: server.id,
      data: { ...body },
    })
  })
  ctx.operations.applySpec(server.id)
  return readServer(ctx, server)
}
