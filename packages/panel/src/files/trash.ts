import type * as api from '@hatchery/core/api'
import type { BodyOf, FileFailures, ResponseOf } from '@hatchery/core/api'
import type { AuthorizedServer, RequestContext } from '../context.ts'
import { logFiles } from './log-files.ts'
import { reachFiles } from './reach-files.ts'

export async function listTrash(
  ctx: RequestContext,
  server: AuthorizedServer,
): Promise<ResponseOf<typeof api.listTrash>> {
  const { link, server: uuid } = await reachFiles(ctx, server, 'read')
  const { items } = await link.call('trash.list', { server: uuid })
  return { data: items }
}

export async function restoreTrash(
  ctx: RequestContext,
  server: AuthorizedServer,
  { items }: BodyOf<typeof api.restoreTrash>,
): Promise<FileFailures> {
  const reached = await reachFiles(ctx, server, 'write')
  const { items: known } = await reached.link.call('trash.list', { server: reached.server })
  const wanted = items.map(({ id, path = null }) => ({ id, path }))
  const done = await reached.link.call('trash.restore', { server: reached.server, items: wanted })
  const paths = wanted.map(({ id, path }) => path ?? known.find((item) => item.id === id)?.path ?? id)
  await logFiles(ctx, reached, 'restore', paths)
  return done
}

export async function emptyTrash(
  ctx: RequestContext,
  server: AuthorizedServer,
  { items }: BodyOf<typeof api.emptyTrash>,
): Promise<FileFailures> {
  const reached = await reachFiles(ctx, server, 'write')
  const { items: known } = await reached.link.call('trash.list', { server: reached.server })
  const done = await reached.link.call('trash.delete', { server: reached.server, items: items ?? null })
  const gone = known.filter(({ id }) => items?.includes(id) ?? true)
  await logFiles(
    ctx,
    reached,
    'delete',
    gone.map(({ path }) => path),
  )
  return done
}
