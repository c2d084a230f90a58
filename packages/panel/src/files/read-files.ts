import type * as api from '@hatchery/core/api'
import type { BodyOf, FileEntry, QueryOf, ResponseOf } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import type { AuthorizedServer, RequestContext } from '../context.ts'
import { decodeCursor, encodeCursor } from '../http/cursor.ts'
import type { Reply } from '../http/reply.ts'
import { answerPart, isOf } from './answer-bytes.ts'
import { parseRange } from './byte-range.ts'
import { logFiles } from './log-files.ts'
import { pathOf, reachFiles, requireMay } from './reach-files.ts'
import { budgetOf, openDownload } from './transfer.ts'

export async function listFiles(
  ctx: RequestContext,
  server: AuthorizedServer,
  query: QueryOf<typeof api.listFiles>,
  signal: AbortSignal,
): Promise<ResponseOf<typeof api.listFiles>> {
  const [offset] = query.cursor === undefined ? [query.offset ?? 0] : decodeCursor(query.cursor, 'number')
  const reached = await reachFiles(ctx, server, 'read')
  const { entries, total } = await reached.link.call(
    'files.list',
    { server: reached.server, path: pathOf(query), sort: query.sort ?? 'name', offset, limit: query.limit ?? 100 },
    { signal },
  )
  // Names that vanished while they were looked at are left out, so the place is counted by what was asked for.
  const next = offset + (query.limit ?? 100)
  return { data: entries, nextCursor: next < total ? encodeCursor(next) : null, total }
}

export async function describeFile(
  ctx: RequestContext,
  server: AuthorizedServer,
  path: string,
  signal: AbortSignal,
): Promise<FileEntry> {
  const reached = await reachFiles(ctx, server, 'read')
  const { entry } = await reached.link.call('files.stat', { server: reached.server, path }, { signal })
  if (!entry) throw new AppError('FILE_NOT_FOUND', { path })
  return entry
}

/** Streams a file, or the part that `Range` names; the bytes come as fast as the caller takes them. */
export async function readFile(
  ctx: RequestContext,
  server: AuthorizedServer,
  path: string,
  ifMatch: number | null,
  signal: AbortSignal,
): Promise<Reply<ResponseOf<typeof api.readFile>>> {
  const reached = await reachFiles(ctx, server, 'read')
  const wanted = ctx.header('range')
  // A part can only be named of what has a known length.
  const before = wanted === undefined ? null : await describeFile(ctx, server, path, signal)
  const isSame = before !== null && isOf(ctx.header('if-range'), before.revision)
  const range = before && isSame ? parseRange(wanted, before.sizeBytes) : null
  const { entry, bytes } = await openDownload(
    reached.link,
    {
      server: reached.server,
      path,
      offset: range?.offset ?? 0,
      length: range?.length ?? null,
      ifRevision: range ? (ifMatch ?? before!.revision) : ifMatch,
    },
    budgetOf(ctx),
    signal,
  )
  // The rest of a download that was interrupted is not another one.
  if (!range || range.offset === 0) await logFiles(ctx, reached, 'read', [path])

  return answerPart(entry, range, bytes)
}

export async function readChecksum(
  ctx: RequestContext,
  server: AuthorizedServer,
  query: QueryOf<typeof api.readChecksum>,
  signal: AbortSignal,
): Promise<ResponseOf<typeof api.readChecksum>> {
  const reached = await reachFiles(ctx, server, 'read')
  const algorithm = query.algorithm ?? 'sha256'
  const params = { server: reached.server, path: pathOf(query), algorithm }
  const { checksum } = await reached.link.call('files.checksum', params, { signal })
  return { algorithm, checksum }
}

export async function readDiskUse(
  ctx: RequestContext,
  server: AuthorizedServer,
  path: string,
  signal: AbortSignal,
): Promise<ResponseOf<typeof api.readDiskUse>> {
  const reached = await reachFiles(ctx, server, 'read')
  return reached.link.call('files.diskUse', { server: reached.server, path }, { signal })
}

export async function searchFiles(
  ctx: RequestContext,
  server: AuthorizedServer,
  { limit = 200, ...body }: BodyOf<typeof api.searchFiles>,
  signal: AbortSignal,
): Promise<ResponseOf<typeof api.searchFiles>> {
  if (body.text !== undefined) requireMay(ctx, server, 'file.read-content')
  const reached = await reachFiles(ctx, server, 'read')
  return reached.link.call('files.search', { server: reached.server, ...body, limit }, { signal })
}
