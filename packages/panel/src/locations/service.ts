import { AppError } from '@hatchery/core/errors'
import type {
  BodyOf,
  createLocation as CreateLocation,
  Location,
  QueryOf,
  listLocations as ListLocations,
  updateLocation as UpdateLocation,
} from '@hatchery/core/api'
import { actorOf } from '../activity/actor.ts'
import type { Context, RequestContext } from '../context.ts'
import { decodeCursor, encodeCursor } from '../http/cursor.ts'
import { checkRevision } from '../http/revision.ts'
import { orExists } from '../storage/or-exists.ts'
import { newUuid } from '../storage/uuid.ts'

const exists = () => new AppError('LOCATION_EXISTS')

function selectLocations(ctx: Pick<Context, 'db'>) {
  return ctx.db
    .selectFrom('locations')
    .selectAll()
    .select((eb) =>
      eb
        .selectFrom('nodes')
        .whereRef('nodes.location_id', '=', 'locations.id')
        .select((count) => count.fn.countAll<number>().as('count'))
        .as('node_count'),
    )
}

type Row = Awaited<ReturnType<ReturnType<typeof selectLocations>['execute']>>[number]

function toLocation(row: Row): Location {
  return {
    id: row.uuid,
    name: row.name,
    description: row.description,
    nodeCount: Number(row.node_count),
    createdAt: row.created_at,
    revision: row.revision,
  }
}

export async function listLocations(ctx: RequestContext, query: QueryOf<typeof ListLocations>) {
  const limit = query.limit ?? 25
  let select = selectLocations(ctx)
    .orderBy('name')
    .limit(limit + 1)
  if (query.cursor !== undefined) select = select.where('name', '>', decodeCursor(query.cursor, 'string')[0])
  const rows = await select.execute()
  const page = rows.slice(0, limit)
  return { data: page.map(toLocation), nextCursor: rows.length > limit ? encodeCursor(page.at(-1)!.name) : null }
}

async function readLocation(ctx: RequestContext, uuid: string): Promise<Location> {
  const row = await selectLocations(ctx).where('uuid', '=', uuid).executeTakeFirst()
  if (!row) throw new AppError('LOCATION_NOT_FOUND', { id: uuid })
  return toLocation(row)
}

export async function createLocation(ctx: RequestContext, body: BodyOf<typeof CreateLocation>): Promise<Location> {
  const uuid = newUuid()
  await orExists(
    ctx.store.transaction(async (trx) => {
      const { name, description = '' } = body
      const values = { uuid, name, description, created_at: ctx.now(), revision: 1 }
      await trx.insertInto('locations').values(values).execute()
      await ctx.events.append(trx, { type: 'location:created', ...actorOf(ctx), data: { location: uuid, name } })
    }),
    exists,
  )
  return readLocation(ctx, uuid)
}

export async function updateLocation(
  ctx: RequestContext,
  uuid: string,
  body: BodyOf<typeof UpdateLocation>,
  ifMatch: number | null,
): Promise<Location> {
  await orExists(
    ctx.store.transaction(async (trx) => {
      const location = await trx
        .selectFrom('locations')
        .select(['id', 'revision'])
        .where('uuid', '=', uuid)
        .executeTakeFirst()
      if (!location) throw new AppError('LOCATION_NOT_FOUND', { id: uuid })
      checkRevision(ifMatch, location.revision)
      const { numUpdatedRows } = await trx
        .updateTable('locations')
        .set({ ...body, revision: location.revision + 1 })
        .where('id', '=', location.id)
        .where('revision', '=', location.revision)
        .executeTakeFirst()
      if (numUpdatedRows === 0n) throw new AppError('REVISION_MISMATCH')
      await ctx.events.append(trx, { type: 'location:updated', ...actorOf(ctx), data: { location: uuid } })
    }),
    exists,
  )
  return readLocation(ctx, uuid)
}

export async function deleteLocation(ctx: RequestContext, uuid: string): Promise<Record<string, never>> {
  await ctx.store.transaction(async (trx) => {
    const location = await trx
      .selectFrom('locations')
      .select(['id', 'name'])
      .where('uuid', '=', uuid)
      .executeTakeFirst()
    if (!location) throw new AppError('LOCATION_NOT_FOUND', { id: uuid })
    const { count } = await trx
      .selectFrom('nodes')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('location_id', '=', location.id)
      .executeTakeFirstOrThrow()
    if (Number(count) > 0) throw new AppError('LOCATION_IN_USE', { count: Number(count) })
    await trx.deleteFrom('locations').where('id', '=', location.id).execute()
    await ctx.events.append(trx, {
      type: 'location:deleted',
      ...actorOf(ctx),
      data: { location: uuid, name: location.name },
    })
  })
  return {}
}
