import { setImmediate as yieldToOthers } from 'node:timers/promises'
import { AppError, type ErrorBody } from '@hatchery/core/errors'
import type { Selectable } from 'kysely'
import type { Context } from '../context.ts'
import { textHash } from '../eggs/read-egg-file.ts'
import type { EggRepositoriesTable } from '../storage/tables/egg-repositories.ts'
import { openCredentials } from './credentials.ts'
import { fetchFiles, type FetchedFiles } from './git/fetch-files.ts'
import type { GitFile } from './git/read-tree.ts'
import { isCandidate, readEntry, type Entry } from './read-entries.ts'
import { JobLostError, type RepositoryJob } from './repository-job.ts'
import { adoptEggs, dropMissingEntries, storeEntries } from './store-entries.ts'

/** No repository of eggs has more. */
const MAX_CANDIDATES = 5000
/** Together they are a few megabytes at most. */
const STORED_AT_ONCE = 50
const MINUTE_MS = 60_000

type RepositoryRow = Selectable<EggRepositoriesTable>

/** Reads a repository and keeps what its branch holds now. Repeating it, also after a crash half way, leads to the same. */
export async function syncRepository(ctx: Context, job: RepositoryJob): Promise<void> {
  const repository = await ctx.db
    .selectFrom('egg_repositories')
    .selectAll()
    .where('id', '=', job.row.repositoryId)
    .executeTakeFirst()
  if (!repository) throw new JobLostError()
  try {
    await readAndStore(ctx, job, repository)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    await endWithError(ctx, job, repository, error.toBody())
  }
}

async function readAndStore(ctx: Context, job: RepositoryJob, repository: RepositoryRow): Promise<void> {
  const syncedFrom = placeHash(repository)
  const { commit, files } = await fetchRepository(ctx, job, repository, syncedFrom)
  const counts = { added: 0, changed: 0, removed: 0 }
  const present = new Set<string>()
  if (files !== null) {
    const entries = await readEntries(job, files)
    for (let index = 0; index < entries.length; index += STORED_AT_ONCE) {
      const some = entries.slice(index, index + STORED_AT_ONCE)
      for (const { path } of some) present.add(path)
      const stored = await job.transaction(({ trx }) => storeEntries(trx, repository.id, some, ctx.now()))
      counts.added += stored.added
      counts.changed += stored.changed
      await job.report('storing', progressOf(present.size, entries.length, some.at(-1)?.path ?? ''))
    }
  }
  await job.transaction(async (change) => {
    const { trx } = change
    if (files !== null) counts.removed = await dropMissingEntries(trx, repository.id, present, ctx.now())
    await adoptEggs(trx, repository.id)
    await trx
      .updateTable('egg_repositories')
      .set((eb) => ({
        synced_at: ctx.now(),
        synced_from: syncedFrom,
        commit_id: commit.id,
        commit_at: commit.at,
        commit_message: commit.title,
        error: null,
        revision: eb('revision', '+', 1),
      }))
      .where('id', '=', repository.id)
      .execute()
    await scheduleNext(ctx, change, repository.id)
    const data = { repository: repository.uuid, name: repository.name, commit: commit.id, ...counts }
    await ctx.events.append(trx, { type: 'egg-repository:synced', userId: job.row.userId, data })
    await job.finish(change, 'succeeded', null)
  })
}

async function fetchRepository(
  ctx: Context,
  job: RepositoryJob,
  repository: RepositoryRow,
  syncedFrom: string,
): Promise<FetchedFiles> {
  const { url, branch, folder, commit_id: id, commit_at: at, commit_message: title } = repository
  // The same commit of another folder is something else.
  const isKnown = repository.synced_from === syncedFrom && id !== null
  const fetched = await fetchFiles(
    ctx.outbound,
    { url, credentials: openCredentials(ctx, repository) },
    { branch, folder, isWanted: isCandidate },
    isKnown ? { id, at: at ?? 0, title: title ?? '', tree: '' } : null,
    (phase) => job.report(phase),
    job.signal,
  )
  const count = fetched.files?.length ?? 0
  if (count > MAX_CANDIDATES) {
    const reason = `it has ${count} JSON and YAML files, and more than ${MAX_CANDIDATES} are not looked at`
    throw new AppError('GIT_REPOSITORY_TOO_LARGE', { reason })
  }
  return fetched
}

async function readEntries(job: RepositoryJob, files: readonly GitFile[]): Promise<Entry[]> {
  const entries: Entry[] = []
  for (const [index, file] of files.entries()) {
    if (index % 50 === 0) await job.report('reading', progressOf(index, files.length, file.path))
    const entry = await readEntry(file)
    if (entry) entries.push(entry)
    await yieldToOthers()
    job.signal.throwIfAborted()
  }
  return entries
}

const progressOf = (current: number, total: number, detail: string) => ({
  current,
  total,
  unit: 'files' as const,
  detail,
})

/** The eggs of the last good attempt stay. */
async function endWithError(
  ctx: Context,
  job: RepositoryJob,
  repository: RepositoryRow,
  { code, message }: ErrorBody,
): Promise<void> {
  await job.transaction(async (change) => {
    const { trx } = change
    await trx
      .updateTable('egg_repositories')
      .set((eb) => ({
        error: JSON.stringify({ code, message, at: ctx.now() }),
        revision: eb('revision', '+', 1),
      }))
      .where('id', '=', repository.id)
      .execute()
    await scheduleNext(ctx, change, repository.id)
    const data = { repository: repository.uuid, name: repository.name, code, message }
    await ctx.events.append(trx, { type: 'egg-repository:sync.failed', userId: job.row.userId, data })
    await job.finish(change, 'failed', { code, message })
  })
}

/** From the settings as they are now, which may have changed meanwhile. */
async function scheduleNext(
  ctx: Context,
  { trx }: Parameters<Parameters<RepositoryJob['transaction']>[0]>[0],
  repositoryId: number,
): Promise<void> {
  const { sync_every_minutes: minutes } = await trx
    .selectFrom('egg_repositories')
    .select('sync_every_minutes')
    .where('id', '=', repositoryId)
    .executeTakeFirstOrThrow()
  await trx
    .updateTable('egg_repositories')
    .set({ next_sync_at: nextSyncAt(ctx.now(), minutes) })
    .where('id', '=', repositoryId)
    .execute()
}

export const nextSyncAt = (now: number, minutes: number | null): number | null =>
  minutes === null ? null : now + minutes * MINUTE_MS

const placeHash = ({ url, branch, folder }: RepositoryRow): string => textHash(JSON.stringify([url, branch, folder]))
