import type * as api from '@hatchery/core/api'
import type { FileEntry, QueryOf, ResponseOf } from '@hatchery/core/api'
import { attachmentOf } from '@hatchery/core/runtime'
import type { AuthorizedServer, RequestContext } from '../context.ts'
import { answer, type Reply } from '../http/reply.ts'
import { exactly } from './answer-bytes.ts'
import { authorOf } from './file-author.ts'
import { logFiles } from './log-files.ts'
import { may, pathOf, reachFiles } from './reach-files.ts'
import { budgetOf, openBytes } from './transfer.ts'

export async function listFileHistory(
  ctx: RequestContext,
  server: AuthorizedServer,
  path: string,
  signal: AbortSignal,
): Promise<ResponseOf<typeof api.listFileHistory>> {
  const reached = await reachFiles(ctx, server, 'read')
  const { revisions } = await reached.link.call('files.history', { server: reached.server, path }, { signal })
  return { data: revisions }
}

export async function listLostFiles(
  ctx: RequestContext,
  server: AuthorizedServer,
  signal: AbortSignal,
): Promise<ResponseOf<typeof api.listLostFiles>> {
  const reached = await reachFiles(ctx, server, 'read')
  const { files } = await reached.link.call('files.lost', { server: reached.server }, { signal })
  return { data: files }
}

/** Streams what a file was; always as something to be saved (RULES 23). */
export async function readFileRevision(
  ctx: RequestContext,
  server: AuthorizedServer,
  revision: string,
  signal: AbortSignal,
): Promise<Reply<ResponseOf<typeof api.readFileRevision>>> {
  const reached = await reachFiles(ctx, server, 'read')
  const params = { server: reached.server, revision }
  const { found, bytes } = await openBytes(
    reached.link,
    async (ticket) => {
      const { revision: found } = await reached.link.call('files.revision', { ...params, ticket }, { signal })
      // What a file was never changes.
      return { found, entry: { revision: 0 } }
    },
    budgetOf(ctx),
    signal,
  )
  const { path, sizeBytes, sha256 } = found
  await logFiles(ctx, reached, 'read', [path])
  return answer(200, exactly(bytes, sizeBytes), {
    'content-length': String(sizeBytes),
    'content-disposition': attachmentOf(path.slice(path.lastIndexOf('/') + 1)),
    etag: `"${sha256 ?? revision}"`,
  })
}

/** Who may not make files only restores those that are there. */
export async function restoreFileRevision(
  ctx: RequestContext,
  server: AuthorizedServer,
  revision: string,
  ifMatch: number | null,
): Promise<FileEntry> {
  const reached = await reachFiles(ctx, server, 'write')
  const mode = may(ctx, server, 'file.create') ? 'create-or-replace' : 'replace'
  const params = { server: reached.server, revision, ifRevision: ifMatch, mode, author: await authorOf(ctx) } as const
  const { entry, path } = await reached.link.call('files.restoreRevision', params)
  await logFiles(ctx, reached, 'restore-revision', [path])
  return entry
}

export async function forgetFileHistory(
  ctx: RequestContext,
  server: AuthorizedServer,
  query: QueryOf<typeof api.forgetFileHistory>,
): Promise<ResponseOf<typeof api.forgetFileHistory>> {
  const reached = await reachFiles(ctx, server, 'write')
  const path = query.path === undefined && query.pathBytes === undefined ? null : pathOf(query)
  const done = await reached.link.call('files.forgetHistory', { server: reached.server, path })
  await logFiles(ctx, reached, 'forget-history', [path ?? ''])
  return done
}
