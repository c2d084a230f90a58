import type { adoptOrphan as AdoptOrphan, BodyOf, Server } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import type { Static } from 'typebox'
import { actorOf } from '../activity/actor.ts'
import type { RequestContext } from '../context.ts'
import { insertServer, readWanted } from '../servers/insert-server.ts'
import { requireCapacity } from '../servers/place.ts'
import { readServer } from '../servers/read-server.ts'
import type { ServerHint } from '../servers/touch-server.ts'
import { orExists } from '../storage/or-exists.ts'
import { clearTombstone, lockOrphan, type OrphanPath } from './lock-orphan.ts'
import { forgetOrphan } from './orphans.ts'

/**
 * Takes a server over that a node has kept: a row with its id, and a specification under a new grant of authority. Files and
 * process stay as they are.
 */
export async function adoptOrphan(
  ctx: RequestContext,
  path: OrphanPath,
  body: BodyOf<typeof AdoptOrphan>,
): Promise<Static<typeof Server>> {
  const wanted = await readWanted(ctx, body)
  const uuid = path.server
  const adopt = ctx.store.transaction(async (trx, afterCommit) => {
    const { node, orphan, removal } = await lockOrphan(ctx, trx, path)
    if (removal !== null) throw new AppError('SERVER_BUSY', { id: uuid, state: 'being removed' })
    if (node.kind !== 'agent') {
      throw new AppError('NODE_UNSUPPORTED', { node: node.name, capability: 'adopting servers' })
    }
    await clearTombstone(trx, uuid, node.id)
    await requireCapacity(trx, node.id, body.limits)
    const { id } = await insertServer(ctx, trx, {
      ...wanted,
      uuid,
      node,
      body,
      install: 'installed',
      authorityEpoch: orphan.authorityEpoch + 1,
    })
    await forgetOrphan(trx, node.id, uuid)
    await ctx.events.append(trx, {
      type: 'server:adopted',
      ...actorOf(ctx),
      serverId: id,
      nodeId: node.id,
      data: { server: uuid, name: body.name, egg: body.egg },
    })
    afterCommit(() => ctx.bus.publish('servers', { id, uuid } satisfies ServerHint))
    afterCommit(() => ctx.bus.publish('nodes', { id: node.id }))
    return id
  })
  // Another server has the external id, or the same first eight characters.
  const id = await orExists(adopt, () => new AppError('EXTERNAL_ID_EXISTS', { externalId: body.externalId ?? uuid }))
  ctx.operations.applySpec(id)
  return readServer(ctx, { id, uuid, permissions: ['*'] })
}
