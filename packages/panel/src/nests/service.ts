import { AppError } from '@hatchery/core/errors'
import type {
  BodyOf,
  createNest as CreateNest,
  Nest,
  QueryOf,
  listNests as ListNests,
  updateNest as UpdateNest,
} from '@hatchery/core/api'
import { actorOf } from '../activity/actor.ts'
import type { Context, RequestContext } from '../context.ts'
import { decodeCursor, encodeCursor } from '../http/cursor.ts'
import { checkRevision } from '../http/revision.ts'
import { orExists } from '../storage/or-exists.ts'
import { newUuid } from '../storage/uuid.ts'

const exists = () => new AppError('NEST_EXISTS')

function selectNests(ctx: Pick<Context, 'db'>) {
  return ctx.db
    .selectFrom('nests')
    .selectAll()
    .select((eb) =>
      eb
        .selectFrom('eggs')
        .whereRef('eggs.nest_id', '=', 'nests.id')
        .select((count) => count.fn.countAll<number>().as('count'))
        .as('egg_count'),
    )
}

type Row = Awaited<ReturnType<ReturnType<typeof selectNests>['execute']>>[number]

function toNest(row: Row): Nest {
  return {
    id: row.uuid,
    name: row.name,
    description: row.description,
    eggCount: Number(row.egg_count),
    createdAt: row.created_at,
    revision: row.revision,
  }
}

export async function listNests(ctx: RequestContext, query: QueryOf<typeof ListNests>) {
  const limit = query.limit ?? 25
  let select = selectNests(ctx)
    .orderBy('name')
    .limit(limit + 1)
  if (query.cursor !== undefined) select = select.where('name', '>', decodeCursor(query.cursor, 'string')[0])
  const rows = await select.execute()
  const page = rows.slice(0, limit)
  return { data: page.map(toNest), nextCursor: rows.length > limit ? encodeCursor(page.at(-1)!.name) : null }
}

async function readNest(ctx: RequestContext, uuid: string): Promise<Nest> {
  const row = await selectNests(ctx).where('uuid', '=', uuid).executeTakeFirst()
  if (!row) throw new AppError('NEST_NOT_FOUND', { id: uuid })
  return toNest(row)
}

export async function createNest(ctx: RequestContext, body: BodyOf<typeof CreateNest>): Promise<Nest> {
  const uuid = newUuid()
  await orExists(
    ctx.store.transaction(async (trx) => {
      const { name, description = '' } = body
      const values = { uuid, name, author: '', description, created_at: ctx.now(), revision: 1 }
      await trx.insertInto('nests').values(values).execute()
      await ctx.events.append(trx, { type: 'nest:created', ...actorOf(ctx), data: { nest: uuid, name } })
    }),
    exists,
  )
  return readNest(ctx, uuid)
}

export async function updateNest(
  ctx: RequestContext,
  uuid: string,
  body: BodyOf<typeof UpdateNest>,
  ifMatch: number | null,
): Promise<Nest> {
  await orExists(
    ctx.store.transaction(async (trx) => {
      const nest = await trx.selectFrom('nests').select(['id', 'revision']).where('uuid', '=', uuid).executeTakeFirst()
      if (!nest) throw new AppError('NEST_NOT_FOUND', { id: uuid })
      checkRevision(ifMatch, nest.revision)
      const { numUpdatedRows } = await trx
        .updateTable('nests')
        .set({ ...body, revision: nest.revision + 1 })
        .where('id', '=', nest.id)
        .where('revision', '=', nest.revision)
        .executeTakeFirst()
      if (numUpdatedRows === 0n) throw new AppError('REVISION_MISMATCH')
      await ctx.events.append(trx, { type: 'nest:updated', ...actorOf(ctx), data: { nest: uuid } })
    }),
    exists,
  )
  return readNest(ctx, uuid)
}

export async function deleteNest(ctx: RequestContext, uuid: string): Promise<Record<string, never>> {
  await ctx.store.transaction(async (trx) => {
    const nest = await trx.selectFrom('nests').select(['id', 'name']).where('uuid', '=', uuid).executeTakeFirst()
    if (!nest) throw new AppError('NEST_NOT_FOUND', { id: uuid })
    const { count } = await trx
      .selectFrom('eggs')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('nest_id', '=', nest.id)
      .executeTakeFirstOrThrow()
    if (Number(count) > 0) throw new AppError('NEST_IN_USE', { count: Number(count) })
    await trx.deleteFrom('nests').where('id', '=', nest.id).execute()
    await ctx.events.append(trx, {
      type: 'nest:deleted',
      ...actorOf(ctx),
      data: { nest: uuid, name: nest.name },
    })
  })
  return {}
}
