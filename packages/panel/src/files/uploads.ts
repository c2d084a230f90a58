import type * as api from '@hatchery/core/api'
import type { BodyOf, FileEntry, Upload } from '@hatchery/core/api'
import { callerOf } from '../access/caller.ts'
import type { AuthorizedServer, RequestContext } from '../context.ts'
import { newUuid } from '../storage/uuid.ts'
import { authorOf } from './file-author.ts'
import { logFiles } from './log-files.ts'
import { reachFiles, requireMay } from './reach-files.ts'
import { sendBytes } from './transfer.ts'

/** Begins an upload; only who began it goes on with it. */
export async function beginUpload(
  ctx: RequestContext,
  server: AuthorizedServer,
  { path, sizeBytes, replace = false }: BodyOf<typeof api.beginUpload>,
): Promise<Upload> {
  if (replace) requireMay(ctx, server, 'file.update')
  const { link, server: uuid } = await reachFiles(ctx, server, 'write')
  const mode = replace ? 'create-or-replace' : 'create'
  return link.call('uploads.begin', { server: uuid, upload: newUuid(), owner: ownerOf(ctx), path, sizeBytes, mode })
}

export async function readUpload(ctx: RequestContext, server: AuthorizedServer, upload: string): Promise<Upload> {
  const { link, server: uuid } = await reachFiles(ctx, server, 'read')
  return link.call('uploads.read', { server: uuid, upload, owner: ownerOf(ctx) })
}

export async function appendUpload(
  ctx: RequestContext,
  server: AuthorizedServer,
  { upload, offset, body }: { upload: string; offset: number; body: AsyncIterable<Uint8Array> },
  signal: AbortSignal,
): Promise<Upload> {
  const { link, server: uuid } = await reachFiles(ctx, server, 'write')
  const params = { server: uuid, upload, owner: ownerOf(ctx), offset }
  return sendBytes(link, (ticket) => link.call('uploads.append', { ...params, ticket }, { signal }), body)
}

export async function finishUpload(ctx: RequestContext, server: AuthorizedServer, upload: string): Promise<FileEntry> {
  const reached = await reachFiles(ctx, server, 'write')
  const params = { server: reached.server, upload, owner: ownerOf(ctx) }
  const { path } = await reached.link.call('uploads.read', params)
  const { entry } = await reached.link.call('uploads.finish', { ...params, author: await authorOf(ctx) })
  await logFiles(ctx, reached, 'upload', [path])
  return entry
}

export async function cancelUpload(ctx: RequestContext, server: AuthorizedServer, upload: string) {
  const { link, server: uuid } = await reachFiles(ctx, server, 'write')
  return link.call('uploads.cancel', { server: uuid, upload, owner: ownerOf(ctx) })
}

function ownerOf(ctx: RequestContext): string {
  return callerOf(ctx).userUuid
}
