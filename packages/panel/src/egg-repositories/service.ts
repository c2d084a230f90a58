import type {
  BodyOf,
  createEggRepository as CreateEggRepository,
  EggRepository,
  listEggRepositories as ListEggRepositories,
  QueryOf,
  updateEggRepository as UpdateEggRepository,
} from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import { actorOf } from '../activity/actor.ts'
import type { RequestContext } from '../context.ts'
import { decodeCursor, encodeCursor } from '../http/cursor.ts'
import { checkRevision } from '../http/revision.ts'
import { orExists } from '../storage/or-exists.ts'
import { newUuid } from '../storage/uuid.ts'
import { sealCredentials } from './credentials.ts'
import { leaseName } from './repository-job.ts'
import { selectRepositories, toRepository } from './repository-view.ts'
import { nextSyncAt } from './sync-repository.ts'
import { activeJobOf, cancelJobOf, writeJob } from './write-job.ts'

const exists = () => new AppError('EGG_REPOSITORY_EXISTS')
const SYNC_PERMISSION = 'admin:egg-repositories.sync'

export async function listRepositories(ctx: RequestContext, query: QueryOf<typeof ListEggRepositories>) {
  const limit = query.limit ?? 25
  let select = selectRepositories(ctx)
    .orderBy('egg_repositories.name')
    .limit(limit + 1)
  if (query.cursor !== undefined) {
    select = select.where('egg_repositories.name', '>', decodeCursor(query.cursor, 'string')[0])
  }
  const rows = await select.execute()
  const page = rows.slice(0, limit)
  return { data: page.map(toRepository), nextCursor: rows.length > limit ? encodeCursor(page.at(-1)!.name) : null }
}

export async function readRepository(ctx: RequestContext, uuid: string): Promise<EggRepository> {
  const row = await selectRepositories(ctx).where('egg_repositories.uuid', '=', uuid).executeTakeFirst()
  if (!row) throw notFound(uuid)
  return toRepository(row)
}

const notFound = (id: string) => new AppError('EGG_REPOSITORY_NOT_FOUND', { id })

/** The database's own id. @throws AppError `EGG_REPOSITORY_NOT_FOUND` */
export async function requireRepository(ctx: Pick<RequestContext, 'db'>, uuid: string): Promise<number> {
  const row = await ctx.db.selectFrom('egg_repositories').select('id').where('uuid', '=', uuid).executeTakeFirst()
  if (!row) throw notFound(uuid)
  return row.id
}

/** Adds a repository and begins to read it. */
export async function createRepository(
  ctx: RequestContext,
  body: BodyOf<typeof CreateEggRepository>,
): Promise<EggRepository> {
  const { name, branch = null, folder = '', credentials = null, syncEveryMinutes = null } = body
  const url = ctx.outbound.check(body.url).href
  const uuid = newUuid()
  const sealed = sealCredentials(ctx, { uuid, url }, credentials)
  await orExists(
    ctx.store.transaction(async (trx, afterCommit) => {
      const id = await ctx.store.insertId(trx, 'egg_repositories', {
        uuid,
        name,
        url,
        branch,
        folder,
        credentials: sealed,
        sync_every_minutes: syncEveryMinutes,
        created_at: ctx.now(),
        revision: 1,
        lock_count: 0,
      })
      const data = { repository: uuid, name, url }
      await ctx.events.append(trx, { type: 'egg-repository:created', ...actorOf(ctx), data })
      await writeJob(ctx, { trx, afterCommit }, id, {
        kind: 'egg-repository.sync',
        params: { repository: uuid },
        userId: actorOf(ctx).userId,
        permission: SYNC_PERMISSION,
      })
    }),
    exists,
  )
  return readRepository(ctx, uuid)
}

export async function updateRepository(
  ctx: RequestContext,
  uuid: string,
  body: BodyOf<typeof UpdateEggRepository>,
  ifMatch: number | null,
): Promise<EggRepository> {
  const id = await requireRepository(ctx, uuid)
  await orExists(
    ctx.store.transaction(async (trx) => {
      await ctx.store.lockRow(trx, 'egg_repositories', id)
      const before = await trx.selectFrom('egg_repositories').selectAll().where('id', '=', id).executeTakeFirst()
      if (!before) throw notFound(uuid)
      checkRevision(ifMatch, before.revision)
      const url = body.url === undefined ? before.url : ctx.outbound.check(body.url).href
      // A password is for the host that it was given for.
      const stays = new URL(url).origin === new URL(before.url).origin ? before.credentials : null
      const { credentials, name, branch, folder, syncEveryMinutes } = body
      await trx
        .updateTable('egg_repositories')
        .set({
          url,
          credentials: credentials === undefined ? stays : sealCredentials(ctx, { uuid, url }, credentials),
          ...(name !== undefined && { name }),
          ...(branch !== undefined && { branch }),
          ...(folder !== undefined && { folder }),
          ...(syncEveryMinutes !== undefined && {
            sync_every_minutes: syncEveryMinutes,
            next_sync_at: nextSyncAt(ctx.now(), syncEveryMinutes),
          }),
          revision: before.revision + 1,
        })
        .where('id', '=', id)
        .execute()
      const data = { repository: uuid, name: name ?? before.name, url, fields: Object.keys(body) }
      await ctx.events.append(trx, { type: 'egg-repository:updated', ...actorOf(ctx), data })
    }),
    exists,
  )
  return readRepository(ctx, uuid)
}

/** Eggs that were installed from it stay; they no longer know where they came from. */
export async function deleteRepository(ctx: RequestContext, uuid: string): Promise<Record<string, never>> {
  const id = await requireRepository(ctx, uuid)
  await ctx.store.transaction(async (trx, afterCommit) => {
    await ctx.store.lockRow(trx, 'egg_repositories', id)
    const row = await trx.selectFrom('egg_repositories').select('name').where('id', '=', id).executeTakeFirst()
    if (!row) throw notFound(uuid)
    await cancelJobOf(ctx, { trx, afterCommit }, id)
    await trx.deleteFrom('egg_repositories').where('id', '=', id).execute()
    await trx.deleteFrom('leases').where('name', '=', leaseName(uuid)).execute()
    const data = { repository: uuid, name: row.name }
    await ctx.events.append(trx, { type: 'egg-repository:deleted', ...actorOf(ctx), data })
  })
  return {}
}

/** @returns the sync that is under way, or a new one */
export async function requestSync(ctx: RequestContext, uuid: string): Promise<{ operation: string }> {
  const id = await requireRepository(ctx, uuid)
  const operation = await ctx.store.transaction(async (trx, afterCommit) => {
    await ctx.store.lockRow(trx, 'egg_repositories', id)
    const active = await activeJobOf({ trx }, id)
    if (active?.kind === 'egg-repository.sync') return active.uuid
    if (active) throw new AppError('EGG_REPOSITORY_BUSY', { operation: active.uuid })
    return writeJob(ctx, { trx, afterCommit }, id, {
      kind: 'egg-repository.sync',
      params: { repository: uuid },
      userId: actorOf(ctx).userId,
      permission: SYNC_PERMISSION,
    })
  })
  return { operation }
}
