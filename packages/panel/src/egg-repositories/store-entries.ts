import type { Transaction } from 'kysely'
import { textHash } from '../eggs/read-egg-file.ts'
import type { Database } from '../storage/schema.ts'
import { newUuid } from '../storage/uuid.ts'
import type { Entry } from './read-entries.ts'

type Trx = Transaction<Database>

/** Writes what a repository holds now; rows of the same path keep their id. @returns how many were new or other than before */
export async function storeEntries(
  trx: Trx,
  repositoryId: number,
  entries: readonly Entry[],
  now: number,
): Promise<{ readonly added: number; readonly changed: number }> {
  if (entries.length === 0) return { added: 0, changed: 0 }
  const rows = entries.map((entry) => ({ ...entry, path_hash: textHash(entry.path) }))
  const known = await trx
    .selectFrom('egg_repository_eggs')
    .select(['id', 'path_hash', 'text_hash', 'is_gone'])
    .where('repository_id', '=', repositoryId)
    .where(
      'path_hash',
      'in',
      rows.map(({ path_hash }) => path_hash),
    )
    .execute()
  const byPath = new Map(known.map((row) => [row.path_hash, row]))
  const fresh = rows.filter(({ path_hash }) => !byPath.has(path_hash))
  const changed = rows.filter(({ path_hash, text_hash }) => {
    const row = byPath.get(path_hash)
    return row !== undefined && (row.text_hash !== text_hash || row.is_gone === 1)
  })
  if (fresh.length > 0) {
    const values = fresh.map((row) => ({
      ...row,
      uuid: newUuid(),
      repository_id: repositoryId,
      is_gone: 0 as const,
      updated_at: now,
    }))
    await trx.insertInto('egg_repository_eggs').values(values).execute()
  }
  for (const row of changed) {
    await trx
      .updateTable('egg_repository_eggs')
      .set({ ...row, is_gone: 0, updated_at: now })
      .where('id', '=', byPath.get(row.path_hash)?.id ?? 0)
      .execute()
  }
  return { added: fresh.length, changed: changed.length }
}

/** What the repository no longer has goes, except where an egg of the panel came from it. @returns how many */
export async function dropMissingEntries(
  trx: Trx,
  repositoryId: number,
  present: ReadonlySet<string>,
  now: number,
): Promise<number> {
  const rows = await trx
    .selectFrom('egg_repository_eggs as entries')
    .leftJoin('egg_sources', (join) =>
      join
        .onRef('egg_sources.repository_id', '=', 'entries.repository_id')
        .onRef('egg_sources.path_hash', '=', 'entries.path_hash'),
    )
    .select(['entries.id', 'entries.path', 'entries.is_gone', 'egg_sources.egg_id'])
    .where('entries.repository_id', '=', repositoryId)
    .execute()
  const missing = rows.filter(({ path }) => !present.has(path))
  const unused = missing.filter(({ egg_id }) => egg_id === null)
  const used = missing.filter(({ egg_id, is_gone }) => egg_id !== null && is_gone === 0)
  for (const ids of chunks(unused.map(({ id }) => id))) {
    await trx.deleteFrom('egg_repository_eggs').where('id', 'in', ids).execute()
  }
  for (const ids of chunks(used.map(({ id }) => id))) {
    await trx.updateTable('egg_repository_eggs').set({ is_gone: 1, updated_at: now }).where('id', 'in', ids).execute()
  }
  return missing.filter(({ is_gone }) => is_gone === 0).length
}

/**
 * Eggs that were imported by hand and are the ones of this repository: with the same file, or with the same uuid in it. From
 * now on the panel says when the repository has another version of them.
 */
export async function adoptEggs(trx: Trx, repositoryId: number): Promise<void> {
  const entries = await trx
    .selectFrom('egg_repository_eggs as entries')
    .leftJoin('egg_sources', (join) =>
      join
        .onRef('egg_sources.repository_id', '=', 'entries.repository_id')
        .onRef('egg_sources.path_hash', '=', 'entries.path_hash'),
    )
    .select(['entries.path', 'entries.path_hash', 'entries.text_hash', 'entries.source_uuid'])
    .where('entries.repository_id', '=', repositoryId)
    .where('entries.is_gone', '=', 0)
    .where('entries.error_count', '=', 0)
    .where('egg_sources.egg_id', 'is', null)
    .orderBy('entries.path')
    .execute()
  if (entries.length === 0) return
  await writeMissingSources(trx)
  const eggs = await trx
    .selectFrom('eggs')
    .innerJoin('egg_sources', 'egg_sources.egg_id', 'eggs.id')
    .select(['eggs.id', 'eggs.source_uuid', 'egg_sources.text_hash'])
    .where('egg_sources.repository_id', 'is', null)
    .orderBy('eggs.id')
    .execute()
  const free = new Map(eggs.map((egg) => [egg.id, egg]))
  const idsBy = (key: 'text_hash' | 'source_uuid') => Map.groupBy(eggs, (egg) => egg[key] ?? '')
  const [byText, byUuid] = [idsBy('text_hash'), idsBy('source_uuid')]
  for (const { path, path_hash, text_hash, source_uuid } of entries) {
    const alike = [...(byText.get(text_hash) ?? []), ...(source_uuid ? (byUuid.get(source_uuid) ?? []) : [])]
    const egg = alike.find(({ id }) => free.has(id))
    if (!egg) continue
    free.delete(egg.id)
    await trx
      .updateTable('egg_sources')
      .set({ repository_id: repositoryId, path, path_hash })
      .where('egg_id', '=', egg.id)
      .execute()
  }
}

/** Eggs of before this table. */
async function writeMissingSources(trx: Trx): Promise<void> {
  const eggs = await trx
    .selectFrom('eggs')
    .leftJoin('egg_sources', 'egg_sources.egg_id', 'eggs.id')
    .select(['eggs.id', 'eggs.source'])
    .where('egg_sources.egg_id', 'is', null)
    .execute()
  for (const { id, source } of eggs) {
    const nowhere = { update_url: null, repository_id: null, path: null, path_hash: null }
    await trx
      .insertInto('egg_sources')
      .values({ egg_id: id, text_hash: textHash(source), ...nowhere })
      .execute()
  }
}

function* chunks<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let index = 0; index < items.length; index += 500) yield items.slice(index, index + 500)
}
