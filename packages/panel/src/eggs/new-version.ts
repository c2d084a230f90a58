import type { BodyOf, checkEggUpdate, EggUpdatePreview } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import type { Context } from '../context.ts'
import { fetchEggText } from './fetch-egg.ts'
import { updateUrlOf, type EggRow } from './egg-view.ts'
import { readEggFile, textHash, type EggFile } from './read-egg-file.ts'
import type { EggSource } from './store-egg.ts'

/** The new version of an egg, and where it was found. */
export interface NewVersion {
  readonly file: EggFile
  readonly from: EggUpdatePreview['from']
  /** What to remember of that place. */
  readonly source: EggSource
}

type Where = BodyOf<typeof checkEggUpdate>
type FindContext = Pick<Context, 'db' | 'outbound'>

/**
 * Finds the new version where the caller says that it is, else where the egg came from: its repository, while that has it,
 * or its update address.
 * @throws AppError `EGG_NO_UPDATE_SOURCE`, `EGG_REPOSITORY_NOT_FOUND`, `EGG_REPOSITORY_EGG_NOT_FOUND`, `EGG_INVALID`, and
 *   those of the outbound client
 */
export async function findNewVersion(
  ctx: FindContext,
  egg: EggRow,
  where: Where,
  signal?: AbortSignal,
): Promise<NewVersion> {
  if (where.text !== undefined) return ofFile(where.text, where.fileName ?? egg.file_name)
  if (where.repository !== undefined) return ofRepository(ctx, where.repository, where.path ?? '')
  if (where.url !== undefined) return ofUrl(ctx, where.url, { updateUrl: where.url }, signal)
  if (egg.origin_uuid !== null && egg.origin_path !== null && egg.origin_is_gone === 0) {
    return ofRepository(ctx, egg.origin_uuid, egg.origin_path)
  }
  const url = updateUrlOf(egg)
  if (url === null) throw new AppError('EGG_NO_UPDATE_SOURCE')
  return ofUrl(ctx, url, {}, signal)
}

const NOWHERE = { url: null, repository: null, path: null }

async function ofFile(text: string, fileName: string): Promise<NewVersion> {
  return {
    file: await readEggFile(text, fileName),
    from: { ...NOWHERE, kind: 'file', fileName },
    source: {},
  }
}

async function ofUrl(ctx: FindContext, address: string, source: EggSource, signal?: AbortSignal): Promise<NewVersion> {
  const { url, fileName, text } = await fetchEggText(ctx, address, signal)
  return {
    file: await readEggFile(text, fileName),
    from: { ...NOWHERE, kind: 'url', url, fileName },
    source,
  }
}

async function ofRepository(ctx: FindContext, uuid: string, path: string): Promise<NewVersion> {
  const repository = await ctx.db
    .selectFrom('egg_repositories')
    .select('id')
    .where('uuid', '=', uuid)
    .executeTakeFirst()
  if (!repository) throw new AppError('EGG_REPOSITORY_NOT_FOUND', { id: uuid })
  const entry = await ctx.db
    .selectFrom('egg_repository_eggs')
    .select('source')
    .where('repository_id', '=', repository.id)
    .where('path_hash', '=', textHash(path))
    .where('is_gone', '=', 0)
    .executeTakeFirst()
  if (!entry) throw new AppError('EGG_REPOSITORY_EGG_NOT_FOUND', { id: path })
  const fileName = path.split('/').at(-1) ?? path
  return {
    file: await readEggFile(entry.source, fileName),
    from: { ...NOWHERE, kind: 'repository', repository: uuid, path, fileName },
    source: { repository: { id: repository.id, path } },
  }
}
