import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { AppError } from '@hatchery/core/errors'
import { attachmentOf, type OpenFile } from '@hatchery/core/runtime'
import type { DirectDoor } from './direct-door.ts'

const PIECE_BYTES = 256 * 1024

/** Sends a whole file as an attachment. */
export async function serveDownload(
  door: DirectDoor,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  await door.enter(url, 'download', async ({ server, subject }, signal) => {
    const { tree } = await door.files.toRead(server)
    await using file = await tree.open(subject)
    const entry = await file.stat()
    response.writeHead(200, {
      'content-type': 'application/octet-stream',
      'content-length': String(entry.sizeBytes),
      'content-disposition': attachmentOf(entry.name),
      etag: `"${entry.revision}"`,
    })
    await pipeline(piecesOf(file, entry.sizeBytes), response, { signal })
  })
  request.resume()
}

async function* piecesOf(file: OpenFile, sizeBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < sizeBytes;) {
    const piece = await file.read(at, Math.min(PIECE_BYTES, sizeBytes - at))
    // It has become shorter meanwhile: the answer is broken off, so that nobody takes it for the whole file.
    if (piece.length === 0) throw new AppError('REVISION_MISMATCH')
    yield piece
    at += piece.length
  }
}
