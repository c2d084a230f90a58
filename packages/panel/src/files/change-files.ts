import type * as api from '@hatchery/core/api'
import type { BodyOf, FileEntry, FileFailures } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import type { AuthorizedServer, RequestContext } from '../context.ts'
import { authorOf } from './file-author.ts'
import { logFiles } from './log-files.ts'
import { may, reachFiles, requireMay } from './reach-files.ts'
import { sendBytes } from './transfer.ts'

const VERBS = { file: 'create', directory: 'create-directory', symlink: 'create-link' } as const

/** Replaces a file by what the caller sends; who may not make files only replaces those that are there. */
export async function writeFile(
  ctx: RequestContext,
  server: AuthorizedServer,
  path: string,
  ifMatch: number | null,
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<FileEntry> {
  const reached = await reachFiles(ctx, server, 'write')
  const mode = may(ctx, server, 'file.create') ? 'create-or-replace' : 'replace'
  const params = { server: reached.server, path, ifRevision: ifMatch, mode, author: await authorOf(ctx) } as const
  const { entry } = await sendBytes(
    reached.link,
    (ticket) => reached.link.call('files.write', { ...params, ticket }, { signal }),
    body,
  )
  await logFiles(ctx, reached, 'write', [path])
  return entry
}

export async function createFile(
  ctx: RequestContext,
  server: AuthorizedServer,
  { path, type, target }: BodyOf<typeof api.createFile>,
): Promise<FileEntry> {
  if ((type === 'symlink') !== (target !== undefined)) throw new AppError('VALIDATION_FAILED', { fields: 'target' })
  const reached = await reachFiles(ctx, server, 'write')
  const params = { server: reached.server, path, type, target: target ?? null }
  const { entry } = await reached.link.call('files.create', params)
  await logFiles(ctx, reached, VERBS[type], [path])
  return entry
}

export async function moveFiles(
  ctx: RequestContext,
  server: AuthorizedServer,
  { moves, replace = false }: BodyOf<typeof api.moveFiles>,
): Promise<FileFailures> {
  if (replace) requireMay(ctx, server, 'file.delete')
  const reached = await reachFiles(ctx, server, 'write')
  const done = await reached.link.call('files.move', { server: reached.server, moves, replace })
  await logFiles(
    ctx,
    reached,
    'rename',
    succeeded(moves, done, ({ from }) => from),
  )
  return done
}

export async function deleteFiles(
  ctx: RequestContext,
  server: AuthorizedServer,
  { paths, isPermanent = false }: BodyOf<typeof api.deleteFiles>,
): Promise<FileFailures> {
  const reached = await reachFiles(ctx, server, 'write')
  const done = await reached.link.call('files.delete', { server: reached.server, paths, isPermanent })
  await logFiles(
    ctx,
    reached,
    isPermanent ? 'delete' : 'trash',
    succeeded(paths, done, (path) => path),
  )
  return done
}

export async function changeModes(
  ctx: RequestContext,
  server: AuthorizedServer,
  { changes }: BodyOf<typeof api.changeFileModes>,
): Promise<FileFailures> {
  const reached = await reachFiles(ctx, server, 'write')
  const done = await reached.link.call('files.chmod', { server: reached.server, changes })
  const paths = changes.map(({ path }) => path)
  await logFiles(
    ctx,
    reached,
    'chmod',
    succeeded(paths, done, (path) => path),
  )
  return done
}

function succeeded<T>(items: readonly T[], { failures }: FileFailures, pathOf: (item: T) => string): readonly T[] {
  const failed = new Set(failures.map(({ path }) => path))
  return items.filter((item) => !failed.has(pathOf(item)))
}
