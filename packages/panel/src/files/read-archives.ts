import type * as api from '@hatchery/core/api'
import type { FileEntry, QueryOf, ResponseOf } from '@hatchery/core/api'
import { attachmentOf } from '@hatchery/core/runtime'
import type { AuthorizedServer, RequestContext } from '../context.ts'
import { decodeCursor, encodeCursor } from '../http/cursor.ts'
import { answer, type Reply } from '../http/reply.ts'
import { answerPart, exactly, isOf } from './answer-bytes.ts'
import { parseRange } from './byte-range.ts'
import { logFiles } from './log-files.ts'
import { pathOf, reachFiles } from './reach-files.ts'
import { budgetOf, openBytes } from './transfer.ts'

/** One page of a directory inside an archive. */
export async function listArchive(
  ctx: RequestContext,
  server: AuthorizedServer,
  query: QueryOf<typeof api.listArchive>,
  signal: AbortSignal,
): Promise<Reply<ResponseOf<typeof api.listArchive>>> {
  const { directory = '', limit = 100 } = query
  const [offset] = query.cursor === undefined ? [0] : decodeCursor(query.cursor, 'number')
  const reached = await reachFiles(ctx, server, 'read')
  const { members, total, revision } = await reached.link.call(
    'files.archiveList',
    { server: reached.server, path: pathOf(query), directory, offset, limit },
    { signal },
  )
  const next = offset + limit
  const page = { data: members, nextCursor: next < total ? encodeCursor(next) : null, total }
  return answer(200, page, { etag: `"${revision}"` })
}

/** Streams one file out of an archive, or the part that `Range` names. */
export async function readArchiveMember(
  ctx: RequestContext,
  server: AuthorizedServer,
  query: QueryOf<typeof api.readArchiveMember>,
  ifMatch: number | null,
  signal: AbortSignal,
): Promise<Reply<ResponseOf<typeof api.readArchiveMember>>> {
  const reached = await reachFiles(ctx, server, 'read')
  const what = { server: reached.server, path: pathOf(query), member: query.member }
  const wanted = ctx.header('range')
  const before: FileEntry | null =
    wanted === undefined ? null : (await reached.link.call('files.archiveStat', what, { signal })).entry
  const isSame = before !== null && isOf(ctx.header('if-range'), before.revision)
  const range = before && isSame ? parseRange(wanted, before.sizeBytes) : null
  const known = range ? (ifMatch ?? before!.revision) : ifMatch
  const part = { offset: range?.offset ?? 0, length: range?.length ?? null }
  const { entry, bytes } = await openBytes(
    reached.link,
    (ticket, revision) =>
      reached.link.call('files.archiveRead', { ...what, ...part, ifRevision: revision ?? known, ticket }, { signal }),
    budgetOf(ctx),
    signal,
  )
  if (!range || range.offset === 0) await logFiles(ctx, reached, 'read', [`${what.path}/${what.member}`])

  return answerPart(entry, range, bytes)
}

/** Streams the beginning of a compressed file, decompressed. */
export async function readDecompressedFile(
  ctx: RequestContext,
  server: AuthorizedServer,
  query: QueryOf<typeof api.readDecompressedFile>,
  ifMatch: number | null,
  signal: AbortSignal,
): Promise<Reply<ResponseOf<typeof api.readDecompressedFile>>> {
  const reached = await reachFiles(ctx, server, 'read')
  const { maxBytes = 4 * 1024 * 1024 } = query
  const what = { server: reached.server, path: pathOf(query), maxBytes }
  const { entry, sizeBytes, isTruncated, bytes } = await openBytes(
    reached.link,
    (ticket, revision) =>
      reached.link.call('files.decompress', { ...what, ifRevision: revision ?? ifMatch, ticket }, { signal }),
    budgetOf(ctx),
    signal,
  )
  await logFiles(ctx, reached, 'read', [what.path])

  return answer(200, exactly(bytes, sizeBytes), {
    'content-length': String(sizeBytes),
    'content-disposition': attachmentOf(entry.name),
    'x-truncated': String(isTruncated),
    etag: `"${entry.revision}"`,
  })
}
