import { AppError } from '@hatchery/core/errors'
import type { Context } from '../context.ts'
import { readEggFile, type EggFile } from '../eggs/read-egg-file.ts'
import { insertEgg } from '../eggs/store-egg.ts'
import type { RepositoryJob } from './repository-job.ts'

interface Chosen {
  readonly path: string
  readonly path_hash: string
  readonly source: string
}

/**
 * Installs the chosen eggs one after the other. What is installed already, also by this job before a crash, is left as it is;
 * one that cannot be read does not keep the others out.
 */
export async function installEggs(ctx: Context, job: RepositoryJob): Promise<void> {
  const { eggs: uuids = [], nest: nestUuid = '' } = job.row.params
  const failures: { readonly path: string; readonly message: string }[] = []
  let installed = 0
  for (const [index, uuid] of uuids.entries()) {
    const entry = await readEntry(ctx, job, uuid)
    if (index % 10 === 0) {
      const detail = entry?.path ?? ''
      await job.report('installing', { current: index, total: uuids.length, unit: 'steps', detail })
    }
    if (!entry) {
      failures.push({ path: uuid, message: 'It is no longer in the repository.' })
      continue
    }
    const file = await readEggFile(entry.source, entry.path.split('/').at(-1)).catch((error: unknown) => {
      if (!(error instanceof AppError)) throw error
      failures.push({ path: entry.path, message: String(error.details['reason']) })
      return null
    })
    if (file && (await installOne(ctx, job, nestUuid, entry, file))) installed++
  }
  await job.transaction(async (change) => {
    const data = { repository: job.row.params.repository, nest: nestUuid, installed, failed: failures.length }
    await ctx.events.append(change.trx, { type: 'egg-repository:installed', userId: job.row.userId, data })
    const [first] = failures
    if (!first) return job.finish(change, 'succeeded', null)
    const details = { count: failures.length, total: uuids.length, path: first.path, reason: first.message }
    return job.finish(change, 'failed', new AppError('EGG_REPOSITORY_INSTALL_INCOMPLETE', details).toBody())
  })
}

async function readEntry(ctx: Context, job: RepositoryJob, uuid: string): Promise<Chosen | undefined> {
  return ctx.db
    .selectFrom('egg_repository_eggs')
    .select(['path', 'path_hash', 'source'])
    .where('repository_id', '=', job.row.repositoryId)
    .where('uuid', '=', uuid)
    .where('is_gone', '=', 0)
    .executeTakeFirst()
}

/** @returns false where it is installed already */
async function installOne(
  ctx: Context,
  job: RepositoryJob,
  nestUuid: string,
  { path, path_hash }: Chosen,
  file: EggFile,
): Promise<boolean> {
  const repositoryId = job.row.repositoryId
  return job.transaction(async ({ trx }) => {
    const known = await trx
      .selectFrom('egg_sources')
      .select('egg_id')
      .where('repository_id', '=', repositoryId)
      .where('path_hash', '=', path_hash)
      .executeTakeFirst()
    if (known) return false
    const nest = await trx.selectFrom('nests').select('id').where('uuid', '=', nestUuid).executeTakeFirst()
    if (!nest) throw new AppError('NEST_NOT_FOUND', { id: nestUuid })
    const egg = await insertEgg(ctx, trx, nest.id, file, { repository: { id: repositoryId, path } })
    await ctx.events.append(trx, {
      type: 'egg:imported',
      userId: job.row.userId,
      data: { egg: egg.uuid, name: file.egg.name, format: file.format, repository: job.row.params.repository, path },
    })
    return true
  })
}
