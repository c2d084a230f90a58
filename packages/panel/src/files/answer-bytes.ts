import type { FileEntry } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import { attachmentOf } from '@hatchery/core/runtime'
import { answer, type Reply } from '../http/reply.ts'
import type { ByteRange } from './byte-range.ts'

/** Answers with the bytes of a whole file, or of the part that was asked for; always as something to be saved (RULES 23). */
export function answerPart(
  entry: FileEntry,
  range: ByteRange | null,
  bytes: AsyncIterable<Uint8Array>,
): Reply<AsyncIterable<Uint8Array>> {
  const length = range?.length ?? entry.sizeBytes
  const body = exactly(bytes, length)
  const headers = {
    'accept-ranges': 'bytes',
    'content-length': String(length),
    'content-disposition': attachmentOf(entry.name),
    etag: `"${entry.revision}"`,
  }
  if (!range) return answer(200, body, headers)
  const last = range.offset + range.length - 1
  return answer(206, body, { ...headers, 'content-range': `bytes ${range.offset}-${last}/${entry.sizeBytes}` })
}

/**
 * Passes on as many bytes as were announced. One more would be read as the next answer on the same connection, so that a node
 * which sends others breaks the connection instead.
 */
export async function* exactly(
  bytes: AsyncIterable<Uint8Array>,
  length: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let left = length
  for await (const piece of bytes) {
    left -= piece.length
    if (left < 0) throw new AppError('FILES_UNAVAILABLE', { reason: 'the node sent more than the file has' })
    yield piece
  }
  if (left > 0) throw new AppError('FILES_UNAVAILABLE', { reason: 'the node sent less than the file has' })
}

/** Whether the parts a caller has are of this revision; without `If-Range` they do not say. */
export function isOf(ifRange: string | undefined, revision: number): boolean {
  return ifRange === undefined || ifRange.trim() === `"${revision}"`
}
