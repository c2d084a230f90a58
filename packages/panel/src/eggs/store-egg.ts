import type { Transaction } from 'kysely'
import type { Egg } from '@hatchery/core/eggs'
import type { Context } from '../context.ts'
import { nextGeneration } from '../servers/touch-server.ts'
import type { Database } from '../storage/schema.ts'
import { newUuid } from '../storage/uuid.ts'
import { sealNewSecrets } from './seal-new-secrets.ts'
import { textHash, type EggFile } from './read-egg-file.ts'

/** Where an egg came from; what is left out stays as it is in an update. */
export interface EggSource {
  readonly updateUrl?: string | null
  readonly repository?: { readonly id: number; readonly path: string } | null
}

type StoreContext = Pick<Context, 'now' | 'secrets' | 'store'>

/** @returns the new egg */
export async function insertEgg(
  ctx: StoreContext,
  trx: Transaction<Database>,
  nestId: number,
  file: EggFile,
  source: EggSource,
): Promise<{ readonly id: number; readonly uuid: string }> {
  const uuid = newUuid()
  const id = await ctx.store.insertId(trx, 'eggs', {
    ...columnsOf(ctx, file),
    uuid,
    nest_id: nestId,
    created_at: ctx.now(),
    revision: 1,
  })
  await trx
    .insertInto('egg_sources')
    .values({ egg_id: id, text_hash: textHash(file.text), ...NOWHERE, ...sourceColumns(source) })
    .execute()
  return { id, uuid }
}

/**
 * Puts a new version in the place of an egg. Its servers keep their values and have a new level at once.
 *
 * @param revision the one that the caller has seen; null takes any
 * @returns the servers to send their level to after the commit; null when the egg has another revision
 */
export async function replaceEgg(
  ctx: StoreContext,
  trx: Transaction<Database>,
  egg: { readonly id: number; readonly nestId?: number; readonly revision: number | null },
  file: EggFile,
  source: EggSource,
): Promise<readonly number[] | null> {
  const before = await trx.selectFrom('eggs').select('model').where('id', '=', egg.id).executeTakeFirst()
  let update = trx
    .updateTable('eggs')
    .set((eb) => ({
      ...columnsOf(ctx, file),
      ...(egg.nestId !== undefined && { nest_id: egg.nestId }),
      revision: eb('revision', '+', 1),
    }))
    .where('id', '=', egg.id)
  if (egg.revision !== null) update = update.where('revision', '=', egg.revision)
  const { numUpdatedRows } = await update.executeTakeFirst()
  if (!before || numUpdatedRows === 0n) return null

  const columns = { text_hash: textHash(file.text), ...sourceColumns(source) }
  const known = await trx.selectFrom('egg_sources').select('egg_id').where('egg_id', '=', egg.id).executeTakeFirst()
  if (known) await trx.updateTable('egg_sources').set(columns).where('egg_id', '=', egg.id).execute()
  else
    await trx
      .insertInto('egg_sources')
      .values({ egg_id: egg.id, ...NOWHERE, ...columns })
      .execute()
  await sealNewSecrets(ctx, trx, egg.id, JSON.parse(before.model) as Egg, file.egg)
  return raiseServersOf(trx, egg.id)
}

const NOWHERE = { update_url: null, repository_id: null, path: null, path_hash: null }

function sourceColumns({ updateUrl, repository }: EggSource) {
  return {
    ...(updateUrl !== undefined && { update_url: updateUrl }),
    ...(repository !== undefined && {
      repository_id: repository?.id ?? null,
      path: repository?.path ?? null,
      path_hash: repository ? textHash(repository.path) : null,
    }),
  }
}

function columnsOf(ctx: StoreContext, { egg, format, fileName, text }: EggFile) {
  return {
    source_uuid: egg.uuid?.slice(0, 64) ?? null,
    name: egg.name.slice(0, 191),
    author: egg.author.slice(0, 191),
    description: egg.description,
    format,
    file_name: fileName.slice(0, 191),
    source: text,
    model: JSON.stringify(egg),
    updated_at: ctx.now(),
  }
}

/** Every server of an egg has a new level when the egg changes. */
async function raiseServersOf(trx: Transaction<Database>, eggId: number): Promise<number[]> {
  const servers = await trx
    .selectFrom('servers')
    .select(['id', 'node_id'])
    .where('egg_id', '=', eggId)
    .orderBy('node_id')
    .orderBy('id')
    .execute()
  for (const nodeId of new Set(servers.map(({ node_id }) => node_id))) {
    const generation = await nextGeneration(trx, nodeId)
    await trx
      .updateTable('servers')
      .set((eb) => ({
        generation_epoch: generation.epoch,
        generation_n: generation.n,
        summary_revision: eb('summary_revision', '+', 1),
      }))
      .where('egg_id', '=', eggId)
      .where('node_id', '=', nodeId)
      .execute()
  }
  return servers.map(({ id }) => id)
}
