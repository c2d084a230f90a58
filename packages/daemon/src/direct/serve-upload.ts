import { addAbortSignal } from 'node:stream'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { AppError } from '@hatchery/core/errors'
import { appendToUpload, ownUpload } from '../server-files/index.ts'
import { allowOrigin, type DirectDoor } from './direct-door.ts'

/** Adds the body to an upload that was begun at the panel; what has arrived when the connection breaks is kept. */
export async function serveUpload(
  door: DirectDoor,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const offset = Number(url.searchParams.get('offset') ?? '0')
  if (!Number.isSafeInteger(offset) || offset < 0) throw new AppError('BAD_REQUEST', { reason: 'offset is no number' })
  await door.enter(url, 'upload', async ({ server, subject, user, origin }, signal) => {
    allowOrigin(response, origin)
    const open = await door.files.toWrite(server)
    addAbortSignal(signal, request)
    await ownUpload(open, subject, user)
    const upload = await appendToUpload(open, subject, offset, request)
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' })
    response.end(JSON.stringify(upload))
  })
}
