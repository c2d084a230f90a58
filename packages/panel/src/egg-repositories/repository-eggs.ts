import type {
  BodyOf,
  EggRepositoryEggDetail,
  installRepositoryEggs as InstallRepositoryEggs,
  listEggRepositoryEggs as ListEggRepositoryEggs,
  QueryOf,
} from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import { parseEgg } from '@hatchery/core/eggs'
import { actorOf } from '../activity/actor.ts'
import type { RequestContext } from '../context.ts'
import { decodeCursor, encodeCursor } from '../http/cursor.ts'
import { contains } from '../storage/contains.ts'
import { selectEntries, STATE_CONDITIONS, toEntry } from './repository-view.ts'
import { requireRepository } from './service.ts'
import { activeJobOf, writeJob } from './write-job.ts'

export async function listRepositoryEggs(
  ctx: RequestContext,
  repository: string,
  query: QueryOf<typeof ListEggRepositoryEggs>,
) {
  const limit = query.limit ?? 25
  const { search, state, cursor } = query
  let select = selectEntries(ctx, await requireRepository(ctx, repository))
    .orderBy('entries.path')
    .limit(limit + 1)
  if (cursor !== undefined) select = select.where('entries.path', '>', decodeCursor(cursor, 'string')[0])
  if (state !== undefined) select = select.where(STATE_CONDITIONS[state])
  if (search !== undefined) {
    select = select.where((eb) => eb.or([contains('entries.name', search), contains('entries.path', search)]))
  }
  const rows = await select.execute()
  const page = rows.slice(0, limit)
  return { data: page.map(toEntry), nextCursor: rows.length > limit ? encodeCursor(page.at(-1)!.path) : null }
}

export async function readRepositoryEgg(
  ctx: RequestContext,
  repository: string,
  entry: string,
): Promise<EggRepositoryEggDetail> {
  const row = await selectEntries(ctx, await requireRepository(ctx, repository))
    .select('entries.source')
    .where('entries.uuid', '=', entry)
    .executeTakeFirst()
  if (!row) throw new AppError('EGG_REPOSITORY_EGG_NOT_FOUND', { id: entry })
  const { egg, diagnostics } = await parseEgg(row.source, { fileName: row.path })
  return {
    ...toEntry(row),
    images: egg?.images.map(({ value }) => value) ?? [],
    diagnostics: diagnostics.map((diagnostic) => ({ ...diagnostic })),
    text: row.source,
  }
}

/** Begins to install eggs; the job skips those that are installed. */
export async function requestInstall(
  ctx: RequestContext,
  repository: string,
  { nest, eggs }: BodyOf<typeof InstallRepositoryEggs>,
): Promise<{ operation: string }> {
  const id = await requireRepository(ctx, repository)
  const wanted = [...new Set(eggs)]
  const operation = await ctx.store.transaction(async (trx, afterCommit) => {
    await ctx.store.lockRow(trx, 'egg_repositories', id)
    const active = await activeJobOf({ trx }, id)
    if (active) throw new AppError('EGG_REPOSITORY_BUSY', { operation: active.uuid })
    const isNest = await trx.selectFrom('nests').select('id').where('uuid', '=', nest).executeTakeFirst()
    if (!isNest) throw new AppError('NEST_NOT_FOUND', { id: nest })
    const rows = await trx
      .selectFrom('egg_repository_eggs')
      .select('uuid')
      .where('repository_id', '=', id)
      .where('is_gone', '=', 0)
      .where('uuid', 'in', wanted)
      .execute()
    const known = new Set(rows.map(({ uuid }) => uuid))
    const missing = wanted.find((uuid) => !known.has(uuid))
    if (missing !== undefined) throw new AppError('EGG_REPOSITORY_EGG_NOT_FOUND', { id: missing })
    return writeJob(ctx, { trx, afterCommit }, id, {
      kind: 'egg-repository.install',
      params: { repository, nest, eggs: wanted },
      userId: actorOf(ctx).userId,
      permission: 'admin:eggs.create',
    })
  })
  return { operation }
}
