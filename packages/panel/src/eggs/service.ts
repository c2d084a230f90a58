import type { Transaction } from 'kysely'
import { AppError } from '@hatchery/core/errors'
import type {
  BodyOf,
  checkEgg as CheckEgg,
  Egg,
  importEgg as ImportEgg,
  listEggs as ListEggs,
  QueryOf,
  ResponseOf,
} from '@hatchery/core/api'
import { parseEgg, type Egg as EggModel, type ParsedEgg } from '@hatchery/core/eggs'
import { actorOf } from '../activity/actor.ts'
import type { RequestContext } from '../context.ts'
import { decodeCursor, encodeCursor } from '../http/cursor.ts'
import { nextGeneration } from '../servers/touch-server.ts'
import { contains } from '../storage/contains.ts'
import type { Database } from '../storage/schema.ts'
import { newUuid } from '../storage/uuid.ts'
import { selectEggs, toEgg, toEggSummary } from './egg-view.ts'

export async function listEggs(ctx: RequestContext, query: QueryOf<typeof ListEggs>) {
  const limit = query.limit ?? 25
  let select = selectEggs(ctx)
    .orderBy('eggs.name')
    .orderBy('eggs.id')
    .limit(limit + 1)
  if (query.cursor !== undefined) {
    const [name, id] = decodeCursor(query.cursor, 'string', 'number')
    select = select.where((eb) =>
      eb.or([eb('eggs.name', '>', name), eb.and([eb('eggs.name', '=', name), eb('eggs.id', '>', id)])]),
    )
  }
  if (query.nest !== undefined) select = select.where('nests.uuid', '=', query.nest)
  if (query.search !== undefined) select = select.where(contains('eggs.name', query.search))
  const rows = await select.execute()
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  return {
    data: page.map(toEggSummary),
    nextCursor: rows.length > limit && last ? encodeCursor(last.name, last.id) : null,
  }
}

export async function readEgg(ctx: Pick<RequestContext, 'db'>, uuid: string): Promise<Egg> {
  const row = await selectEggs(ctx).where('eggs.uuid', '=', uuid).executeTakeFirst()
  if (!row) throw new AppError('EGG_NOT_FOUND', { id: uuid })
  return toEgg(row)
}

export async function readEggSource(ctx: RequestContext, uuid: string): Promise<{ fileName: string; text: string }> {
  const row = await ctx.db
    .selectFrom('eggs')
    .select(['file_name', 'source'])
    .where('uuid', '=', uuid)
    .executeTakeFirst()
  if (!row) throw new AppError('EGG_NOT_FOUND', { id: uuid })
  return { fileName: row.file_name, text: row.source }
}

export async function checkEgg(
  ctx: RequestContext,
  { text }: BodyOf<typeof CheckEgg>,
): Promise<ResponseOf<typeof CheckEgg>> {
  const parsed = await parseEgg(text)
  const { egg } = parsed
  const existing = egg === null ? undefined : await findExisting(ctx.db, egg, null)
  return {
    ok: egg !== null && !hasErrors(parsed),
    name: egg?.name ?? '',
    format: parsed.format ?? '',
    variableCount: egg?.variables.length ?? 0,
    images: egg?.images.map(({ value }) => value) ?? [],
    diagnostics: parsed.diagnostics.map((diagnostic) => ({ ...diagnostic })),
    existing: existing?.uuid ?? null,
  }
}

const hasErrors = ({ diagnostics }: ParsedEgg): boolean => diagnostics.some(({ severity }) => severity === 'error')

/** The egg of the panel that has the same uuid in its file, else the same name (in the same nest, where one is given). */
async function findExisting(
  db: RequestContext['db'] | Transaction<Database>,
  egg: EggModel,
  nestId: number | null,
): Promise<{ id: number; uuid: string } | undefined> {
  if (egg.uuid !== null) {
    const same = await db
      .selectFrom('eggs')
      .select(['id', 'uuid'])
      .where('source_uuid', '=', egg.uuid.slice(0, 64))
      .orderBy('id')
      .executeTakeFirst()
    if (same) return same
  }
  let byName = db.selectFrom('eggs').select(['id', 'uuid']).where('name', '=', egg.name.slice(0, 191)).orderBy('id')
  if (nestId !== null) byName = byName.where('nest_id', '=', nestId)
  return byName.executeTakeFirst()
}

/** Imports an egg file. An update keeps the egg's id and its servers; they get the new level at once. */
export async function importEgg(
  ctx: RequestContext,
  body: BodyOf<typeof ImportEgg>,
): Promise<{ readonly egg: Egg; readonly isNew: boolean }> {
  const parsed = await parseEgg(body.text, body.fileName === undefined ? {} : { fileName: body.fileName })
  const { egg, format } = parsed
  if (egg === null || format === null || hasErrors(parsed)) {
    const first = parsed.diagnostics.find(({ severity }) => severity === 'error')
    throw new AppError('EGG_INVALID', {
      reason: first?.message ?? 'it is not an egg.',
      diagnostics: parsed.diagnostics,
    })
  }

  const columns = {
    source_uuid: egg.uuid?.slice(0, 64) ?? null,
    name: egg.name.slice(0, 191),
    author: egg.author.slice(0, 191),
    description: egg.description,
    format,
    file_name: body.fileName ?? `egg-${egg.name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}.json`.slice(0, 191),
    source: body.text,
    model: JSON.stringify(egg),
    updated_at: ctx.now(),
  }
  const stored = await ctx.store.transaction(async (trx) => {
    const nest = await trx.selectFrom('nests').select('id').where('uuid', '=', body.nest).executeTakeFirst()
    if (!nest) throw new AppError('NEST_NOT_FOUND', { id: body.nest })
    const existing = body.onExisting === 'update' ? await findExisting(trx, egg, nest.id) : undefined
    if (existing) {
      await trx
        .updateTable('eggs')
        .set((eb) => ({ ...columns, nest_id: nest.id, revision: eb('revision', '+', 1) }))
        .where('id', '=', existing.id)
        .execute()
      const servers = await raiseServersOf(trx, existing.id)
      await ctx.events.append(trx, {
        type: 'egg:updated',
        ...actorOf(ctx),
        data: { egg: existing.uuid, name: egg.name, servers: servers.length },
      })
      return { uuid: existing.uuid, isNew: false, servers }
    }
    const uuid = newUuid()
    await trx
      .insertInto('eggs')
      .values({ ...columns, uuid, nest_id: nest.id, created_at: ctx.now(), revision: 1 })
      .execute()
    await ctx.events.append(trx, { type: 'egg:imported', ...actorOf(ctx), data: { egg: uuid, name: egg.name, format } })
    return { uuid, isNew: true, servers: [] }
  })
  for (const server of stored.servers) ctx.operations.applySpec(server)
  return { egg: await readEgg(ctx, stored.uuid), isNew: stored.isNew }
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

export async function deleteEgg(ctx: RequestContext, uuid: string): Promise<Record<string, never>> {
  await ctx.store.transaction(async (trx) => {
    const egg = await trx.selectFrom('eggs').select(['id', 'name']).where('uuid', '=', uuid).executeTakeFirst()
    if (!egg) throw new AppError('EGG_NOT_FOUND', { id: uuid })
    const { count } = await trx
      .selectFrom('servers')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('egg_id', '=', egg.id)
      .executeTakeFirstOrThrow()
    if (Number(count) > 0) throw new AppError('EGG_IN_USE', { count: Number(count) })
    await trx.deleteFrom('eggs').where('id', '=', egg.id).execute()
    await ctx.events.append(trx, { type: 'egg:deleted', ...actorOf(ctx), data: { egg: uuid, name: egg.name } })
  })
  return {}
}
