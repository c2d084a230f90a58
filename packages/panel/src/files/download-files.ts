import type * as api from '@hatchery/core/api'
import type { BodyOf, ResponseOf } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import { attachmentOf, type ArchiveFormat } from '@hatchery/core/runtime'
import type { Transaction } from 'kysely'
import { callerOf } from '../access/caller.ts'
import type { AuthorizedServer, RequestContext } from '../context.ts'
import { answer, type Reply } from '../http/reply.ts'
import type { Database } from '../storage/schema.ts'
import { newUuid } from '../storage/uuid.ts'
import { logFiles } from './log-files.ts'
import { reachFiles, type ReachedFiles } from './reach-files.ts'
import { budgetOf } from './transfer.ts'

/** A browser goes to the link at once. */
const LINK_LIFETIME_MS = 60_000
/** Links of one person that wait to be taken. */
const MAX_LINKS = 50

export interface Selection {
  readonly directory: string
  readonly names: readonly string[]
  readonly format: ArchiveFormat
}

type Bytes = Reply<AsyncIterable<Uint8Array>>

/** Packs one file or directory while it is sent. */
export async function downloadFiles(
  ctx: RequestContext,
  server: AuthorizedServer,
  path: string,
  format: ArchiveFormat = 'zip',
  signal: AbortSignal,
): Promise<Bytes> {
  const names = path.split('/').filter((name) => name !== '' && name !== '.')
  const name = names.pop()
  if (name === undefined) throw new AppError('PATH_INVALID', { path })
  const reached = await reachFiles(ctx, server, 'read')
  return sendSelection(ctx, reached, { directory: names.join('/'), names: [name], format }, signal)
}

/** Keeps a selection that is too long for an address, under an id that is good for one download by the same person. */
export async function prepareDownload(
  ctx: RequestContext,
  server: AuthorizedServer,
  { directory, names, format = 'zip' }: BodyOf<typeof api.prepareDownload>,
): Promise<ResponseOf<typeof api.prepareDownload>> {
  await reachFiles(ctx, server, 'read')
  const { userId } = callerOf(ctx)
  const [uuid, expiresAt] = [newUuid(), ctx.now() + LINK_LIFETIME_MS]
  const selection: Selection = { directory, names, format }
  await ctx.store.transaction(async (trx) => {
    await forgetExpired(trx, ctx.now())
    const own = await trx
      .selectFrom('file_downloads')
      .select('id')
      .where('user_id', '=', userId)
      .orderBy('id')
      .execute()
    const tooMany = own.slice(0, Math.max(0, own.length - MAX_LINKS + 1)).map(({ id }) => id)
    if (tooMany.length > 0) await trx.deleteFrom('file_downloads').where('id', 'in', tooMany).execute()
    await trx
      .insertInto('file_downloads')
      .values({
        uuid,
        user_id: userId,
        server_id: server.id,
        selection: JSON.stringify(selection),
        expires_at: expiresAt,
      })
      .execute()
  })
  return { id: uuid, url: `/api/v1/servers/${server.uuid}/files/downloads/${uuid}`, expiresAt }
}

/** Sends what a link was made for. @throws AppError `DOWNLOAD_NOT_FOUND`, also for one of somebody else */
export async function takeDownload(
  ctx: RequestContext,
  server: AuthorizedServer,
  download: string,
  signal: AbortSignal,
): Promise<Bytes> {
  const reached = await reachFiles(ctx, server, 'read')
  const { userId } = callerOf(ctx)
  const row = await ctx.store.transaction(async (trx) => {
    const found = await trx
      .selectFrom('file_downloads')
      .select(['id', 'selection'])
      .where('uuid', '=', download)
      .where('user_id', '=', userId)
      .where('server_id', '=', server.id)
      .where('expires_at', '>', ctx.now())
      .executeTakeFirst()
    if (!found) return null
    // Of two that come at once, one deletes it.
    const { numDeletedRows } = await trx.deleteFrom('file_downloads').where('id', '=', found.id).executeTakeFirst()
    return numDeletedRows === 1n ? found : null
  })
  if (!row) throw new AppError('DOWNLOAD_NOT_FOUND')
  return sendSelection(ctx, reached, JSON.parse(row.selection) as Selection, signal)
}

async function sendSelection(
  ctx: RequestContext,
  reached: ReachedFiles,
  { directory, names, format }: Selection,
  signal: AbortSignal,
): Promise<Bytes> {
  const bytes = await openPacked(ctx, reached, { directory, names, format }, signal)
  const below = (name: string) => (directory === '' ? name : `${directory}/${name}`)
  await logFiles(ctx, reached, 'read', names.map(below))
  const [only] = names
  const base = names.length === 1 && only !== undefined ? only : (directory.split('/').at(-1) ?? '')
  return answer(200, bytes, { 'content-disposition': attachmentOf(`${base === '' ? 'files' : base}.${format}`) })
}

/**
 * Bytes of an archive that the node packs while they are taken.
 * @throws AppError what the node answers
 */
export async function openPacked(
  ctx: RequestContext,
  { link, server }: ReachedFiles,
  { names, ...selection }: Selection,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const ticket = await link.openTicket({ budgets: [budgetOf(ctx)] })
  try {
    await link.call('files.download', { server, ...selection, names: [...names], ticket: ticket.id }, { signal })
    const stream = await ticket.opened
    const end = () => stream.close('nobody takes it any more')
    signal.addEventListener('abort', end, { once: true })
    if (signal.aborted) end()
    return stream.receive()
  } catch (error) {
    ticket.cancel()
    throw error
  }
}

/** At most 500 at a time. */
async function forgetExpired(trx: Transaction<Database>, now: number): Promise<void> {
  const rows = await trx.selectFrom('file_downloads').select('id').where('expires_at', '<=', now).limit(500).execute()
  const ids = rows.map(({ id }) => id)
  if (ids.length > 0) await trx.deleteFrom('file_downloads').where('id', 'in', ids).execute()
}
