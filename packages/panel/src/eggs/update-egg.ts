import { createHash } from 'node:crypto'
import type {
  BodyOf,
  checkEggUpdate as CheckEggUpdate,
  EggUpdatePreview,
  EggUpdated,
  updateEgg as UpdateEgg,
} from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import { diffEggs } from '@hatchery/core/eggs'
import { actorOf } from '../activity/actor.ts'
import type { RequestContext } from '../context.ts'
import { isUniqueViolation } from '../storage/retry.ts'
import { modelOf, selectEggs, type EggRow } from './egg-view.ts'
import { findNewVersion, type NewVersion } from './new-version.ts'
import { readEgg } from './service.ts'
import { replaceEgg, type EggSource } from './store-egg.ts'
import { impactOf } from './update-impact.ts'

/** Says what an update would do. It changes nothing and may be asked for by any number of people at once. */
export async function checkEggUpdate(
  ctx: RequestContext,
  uuid: string,
  where: BodyOf<typeof CheckEggUpdate>,
  signal?: AbortSignal,
): Promise<EggUpdatePreview> {
  const egg = await requireEgg(ctx, uuid)
  const version = await findNewVersion(ctx, egg, where, signal)
  const { file, from } = version
  const before = modelOf(egg)
  const changes = diffEggs(before, file.egg)
  return {
    egg: uuid,
    revision: egg.revision,
    hash: hashOf(egg, version),
    isSame: changes.length === 0,
    from,
    name: file.egg.name,
    format: file.format,
    changes: changes.map((change) => ({ ...change })),
    diagnostics: file.diagnostics.map((diagnostic) => ({ ...diagnostic })),
    ...(await impactOf(ctx, egg.id, before, file.egg)),
  }
}

/**
 * Carries out the change that was shown. Servers keep their values, also those that the new rules refuse: they are listed.
 * @throws AppError `EGG_UPDATE_CHANGED` when egg or file are not what they were then
 */
export async function updateEgg(
  ctx: RequestContext,
  uuid: string,
  { hash, ...where }: BodyOf<typeof UpdateEgg>,
  signal?: AbortSignal,
): Promise<EggUpdated> {
  const egg = await requireEgg(ctx, uuid)
  const version = await findNewVersion(ctx, egg, where, signal)
  if (hashOf(egg, version) !== hash) throw new AppError('EGG_UPDATE_CHANGED')
  const servers = await replaceVersion(ctx, egg, version)
  for (const server of servers) ctx.operations.applySpec(server)
  const impact = await impactOf(ctx, egg.id, modelOf(egg), version.file.egg)
  return { egg: await readEgg(ctx, uuid), ...impact }
}

async function replaceVersion(ctx: RequestContext, egg: EggRow, { file, from, source }: NewVersion) {
  const store = (place: EggSource) =>
    ctx.store.transaction(async (trx) => {
      const servers = await replaceEgg(ctx, trx, { id: egg.id, revision: egg.revision }, file, place)
      if (servers === null) throw new AppError('EGG_UPDATE_CHANGED')
      const { kind, url, repository, path } = from
      const data = { egg: egg.uuid, name: file.egg.name, servers: servers.length, from: kind, url, repository, path }
      await ctx.events.append(trx, { type: 'egg:updated', ...actorOf(ctx), data })
      return servers
    })
  try {
    return await store(source)
  } catch (error) {
    // Another egg of the panel is the one of that place in the repository, and stays it.
    if (!isUniqueViolation(error) || !source.repository) throw error
    return store({})
  }
}

async function requireEgg(ctx: RequestContext, uuid: string): Promise<EggRow> {
  const row = await selectEggs(ctx).where('eggs.uuid', '=', uuid).executeTakeFirst()
  if (!row) throw new AppError('EGG_NOT_FOUND', { id: uuid })
  return row
}

/** Exactly this file over exactly this state of this egg. */
function hashOf(egg: EggRow, { file }: NewVersion): string {
  const parts = [egg.uuid, egg.revision, file.fileName, file.text]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}
