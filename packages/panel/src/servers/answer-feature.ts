import { javaImagesFor } from '@hatchery/core/eggs'
import { AppError } from '@hatchery/core/errors'
import { actorOf } from '../activity/actor.ts'
import type { AuthorizedServer, RequestContext } from '../context.ts'
import { imageOf } from './insert-server.ts'
import { loadSpecSource } from './load-spec.ts'
import { requireConnected, requireIdle, requireNoHolds, writeIntent } from './power.ts'
import { lockServer } from './lock-server.ts'
import { raiseGeneration, touchServer } from './touch-server.ts'

/** Gives the server what its console asked for, and restarts it. */
export async function answerFeature(
  ctx: RequestContext,
  server: AuthorizedServer,
  feature: 'eula' | 'java_version',
  image: string | undefined,
): Promise<{ operation: string }> {
  const source = await loadSpecSource(ctx, server.id)
  if (!source) throw new AppError('SERVER_NOT_FOUND', { id: server.uuid })
  if (!source.egg.features.includes(feature)) throw new AppError('FEATURE_UNKNOWN', { feature })
  requireIdle(source.server)
  await requireNoHolds(ctx, source.server)
  await requireConnected(ctx, source.server.node_id)

  if (feature === 'java_version') await takeJavaImage(ctx, server, image)
  const row = { ...source.server }
  const operation =
    feature === 'eula'
      ? await writeIntent(ctx, row, {
          kind: 'feature.eula',
          class: 'converge',
          method: 'server.acceptEula',
          params: { server: row.uuid },
          permission: 'server:file.update',
        })
      : await writeIntent(ctx, row, {
          kind: 'feature.java_version',
          class: 'converge',
          method: 'server.power',
          params: { server: row.uuid, action: 'restart' },
          permission: 'server:startup.docker-image',
        })
  await ctx.operations.send(operation)
  return { operation }
}

async function takeJavaImage(ctx: RequestContext, server: AuthorizedServer, wanted: string | undefined): Promise<void> {
  await ctx.store.transaction(async (trx, afterCommit) => {
    await lockServer(ctx, trx, server)
    const source = await loadSpecSource(ctx, server.id, trx)
    if (!source) throw new AppError('SERVER_NOT_FOUND', { id: server.uuid })
    const asked = await trx
      .selectFrom('server_features')
      .select('line')
      .where('server_id', '=', server.id)
      .where('feature', '=', 'java_version')
      .executeTakeFirst()
    const image = imageOf(source.egg, wanted ?? javaImagesFor(asked?.line ?? '', source.egg.images)[0]?.value)
    await trx.updateTable('servers').set({ image }).where('id', '=', server.id).execute()
    await trx
      .deleteFrom('server_features')
      .where('server_id', '=', server.id)
      .where('feature', '=', 'java_version')
      .execute()
    await raiseGeneration(trx, source.server)
    await touchServer(ctx, { trx, afterCommit }, source.server, 'person')
    await ctx.events.append(trx, {
      type: 'server:image.updated',
      ...actorOf(ctx),
      serverId: server.id,
      data: { from: source.server.image, to: image },
    })
  })
}
