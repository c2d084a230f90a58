import type { EggRepository, EggRepositoryEgg } from '@hatchery/core/api'
import { sql, type Selectable } from 'kysely'
import type { Context } from '../context.ts'
import type { EggRepositoryEggsTable } from '../storage/tables/egg-repositories.ts'
import { ACTIVE } from './write-job.ts'

type Reader = Pick<Context, 'db'>

export function selectRepositories(ctx: Reader) {
  return ctx.db
    .selectFrom('egg_repositories')
    .leftJoin('operations', (join) =>
      join.onRef('operations.uuid', '=', 'egg_repositories.operation_uuid').on('operations.status', 'in', ACTIVE),
    )
    .selectAll('egg_repositories')
    .select(['operations.uuid as active_uuid', 'operations.kind as active_kind'])
    .select((eb) => {
      const entries = eb
        .selectFrom('egg_repository_eggs as entries')
        .whereRef('entries.repository_id', '=', 'egg_repositories.id')
        .where('entries.is_gone', '=', 0)
        .select(({ fn }) => fn.countAll<number>().as('n'))
      const installed = eb
        .selectFrom('egg_sources')
        .whereRef('egg_sources.repository_id', '=', 'egg_repositories.id')
        .select(({ fn }) => fn.countAll<number>().as('n'))
      return [
        entries.where('entries.error_count', '=', 0).as('egg_count'),
        entries.where('entries.error_count', '>', 0).as('unreadable_count'),
        installed.as('installed_count'),
        installed
          .innerJoin('egg_repository_eggs as entries', (join) =>
            join
              .onRef('entries.repository_id', '=', 'egg_sources.repository_id')
              .onRef('entries.path_hash', '=', 'egg_sources.path_hash'),
          )
          .where('entries.is_gone', '=', 0)
          .whereRef('entries.text_hash', '<>', 'egg_sources.text_hash')
          .as('changed_count'),
      ]
    })
}

type RepositoryRow = Awaited<ReturnType<ReturnType<typeof selectRepositories>['execute']>>[number]

export function toRepository(row: RepositoryRow): EggRepository {
  const error = row.error === null ? null : (JSON.parse(row.error) as EggRepository['error'])
  return {
    id: row.uuid,
    name: row.name,
    url: row.url,
    branch: row.branch,
    folder: row.folder,
    hasCredentials: row.credentials !== null,
    syncEveryMinutes: row.sync_every_minutes,
    status: statusOf(row, error),
    operation: row.active_uuid,
    syncedAt: row.synced_at,
    nextSyncAt: row.next_sync_at,
    error,
    commit:
      row.commit_id === null ? null : { id: row.commit_id, at: row.commit_at ?? 0, message: row.commit_message ?? '' },
    eggCount: Number(row.egg_count ?? 0),
    unreadableCount: Number(row.unreadable_count ?? 0),
    installedCount: Number(row.installed_count ?? 0),
    changedCount: Number(row.changed_count ?? 0),
    createdAt: row.created_at,
    revision: row.revision,
  }
}

function statusOf(row: RepositoryRow, error: EggRepository['error']): EggRepository['status'] {
  if (row.active_kind === 'egg-repository.sync') return 'syncing'
  if (error !== null) return 'failed'
  return row.synced_at === null ? 'new' : 'synced'
}

/** The eggs of a repository with those of the panel that came from them; what is gone and not installed is none. */
export function selectEntries(ctx: Reader, repositoryId: number) {
  return ctx.db
    .selectFrom('egg_repository_eggs as entries')
    .leftJoin('egg_sources', (join) =>
      join
        .onRef('egg_sources.repository_id', '=', 'entries.repository_id')
        .onRef('egg_sources.path_hash', '=', 'entries.path_hash'),
    )
    .leftJoin('eggs', 'eggs.id', 'egg_sources.egg_id')
    .select([
      'entries.uuid',
      'entries.path',
      'entries.name',
      'entries.author',
      'entries.description',
      'entries.format',
      'entries.variable_count',
      'entries.error_count',
      'entries.warning_count',
      'entries.text_hash',
      'entries.is_gone',
      'egg_sources.text_hash as installed_hash',
      'eggs.uuid as egg_uuid',
    ])
    .where('entries.repository_id', '=', repositoryId)
    .where((eb) => eb.or([eb('entries.is_gone', '=', 0), eb('egg_sources.egg_id', 'is not', null)]))
}

type EntryRow = Pick<
  Selectable<EggRepositoryEggsTable>,
  | 'uuid'
  | 'path'
  | 'name'
  | 'author'
  | 'description'
  | 'format'
  | 'variable_count'
  | 'error_count'
  | 'warning_count'
  | 'text_hash'
  | 'is_gone'
> & { readonly installed_hash: string | null; readonly egg_uuid: string | null }

/** The same as `stateOf`, for the database. */
export const STATE_CONDITIONS = {
  removed: sql<boolean>`entries.is_gone = 1`,
  unreadable: sql<boolean>`entries.is_gone = 0 and entries.error_count > 0`,
  available: sql<boolean>`entries.is_gone = 0 and entries.error_count = 0 and egg_sources.egg_id is null`,
  installed: sql<boolean>`entries.is_gone = 0 and entries.error_count = 0 and egg_sources.text_hash = entries.text_hash`,
  changed: sql<boolean>`entries.is_gone = 0 and entries.error_count = 0 and egg_sources.text_hash <> entries.text_hash`,
} as const satisfies Readonly<Record<EggRepositoryEgg['state'], unknown>>

function stateOf({ is_gone, error_count, installed_hash, text_hash }: EntryRow): EggRepositoryEgg['state'] {
  if (is_gone === 1) return 'removed'
  if (error_count > 0) return 'unreadable'
  if (installed_hash === null) return 'available'
  return installed_hash === text_hash ? 'installed' : 'changed'
}

export function toEntry(row: EntryRow): EggRepositoryEgg {
  return {
    id: row.uuid,
    path: row.path,
    name: row.name,
    author: row.author,
    description: row.description,
    format: row.format,
    variableCount: row.variable_count,
    errorCount: row.error_count,
    warningCount: row.warning_count,
    state: stateOf(row),
    egg: row.egg_uuid,
  }
}
