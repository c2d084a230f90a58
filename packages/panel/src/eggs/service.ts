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
import { parseEgg, type Egg as EggModel } from '@hatchery/core/eggs'
import { actorOf } from '../activity/actor.ts'
import type { RequestContext } from '../context.ts'
import { decodeCursor, encodeCursor } from '../http/cursor.ts'
import { readOutboundUrl } from '@hatchery/core/outbound'
import { contains } from '../storage/contains.ts'
import type { Database } from '../storage/schema.ts'
import { selectEggs, toEgg, toEggSummary } from './egg-view.ts'
import { hasErrors, readEggFile } from './read-egg-file.ts'
import { insertEgg, replaceEgg } from './store-egg.ts'

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
  const file = await readEggFile(body.text, body.fileName)
  const { name } = file.egg
  const source = body.url === undefined ? {} : { updateUrl: readOutboundUrl(body.url).href }
  const stored = await ctx.store.transaction(async (trx) => {
    const nest = await trx.selectFrom('nests').select('id').where('uuid', '=', body.nest).executeTakeFirst()
    if (!nest) throw new AppError('NEST_NOT_FOUND', { id: body.nest })
    const existing = body.onExisting === 'update' ? await findExisting(trx, file.egg, nest.id) : undefined
    if (existing) {
      const egg = { id: existing.id, nestId: nest.id, revision: null }
      const servers = (await replaceEgg(ctx, trx, egg, file, source)) ?? []
      await ctx.events.append(trx, {
        type: 'egg:updated',
        ...actorOf(ctx),
        data: { egg: existing.uuid, name, servers: servers.length },
      })
      return { uuid: existing.uuid, isNew: false, servers }
    }
    const { uuid } = await insertEgg(ctx, trx, nest.id, file, source)
    const data = { egg: uuid, name, format: file.format }
    await ctx.events.append(trx, { type: 'egg:imported', ...actorOf(ctx), data })
    return { uuid, isNew: true, servers: [] }
  })
  for (const server of stored.servers) ctx.operations.applySpec(server)
  return { egg: await readEgg(ctx, stored.uuid), isNew: stored.isNew }
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
