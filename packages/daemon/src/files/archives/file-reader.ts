import type { FileHandle } from 'node:fs/promises'
import { readAt } from '../open-file.ts'
import { ByteReader } from './byte-reader.ts'

const PIECE_BYTES = 1024 * 1024

/** The bytes of a file from some place on; what is told is how many were read. */
export async function* contentOf(
  file: FileHandle,
  onRead: (bytes: number) => void = () => undefined,
  begin = 0,
  end = Infinity,
): AsyncGenerator<Buffer, void, undefined> {
  for (let at = begin; at < end;) {
    const piece = await readAt(file, at, Math.min(PIECE_BYTES, end - at))
    if (piece.length === 0) return
    onRead(piece.length)
    yield piece
    at += piece.length
  }
}

/** Takes a file apart by length. Much that is left out is not read. */
export class FileReader extends ByteReader {
  readonly #file: FileHandle
  readonly #sizeBytes: number
  readonly #onRead: (bytes: number) => void

  constructor(file: FileHandle, sizeBytes: number, onRead: (bytes: number) => void) {
    super(contentOf(file, onRead))
    this.#file = file
    this.#sizeBytes = sizeBytes
    this.#onRead = onRead
  }

  override async skip(length: number): Promise<number> {
    const unread = Math.min(length, this.#sizeBytes - this.position) - this.held
    if (unread < PIECE_BYTES) return super.skip(length)
    const skipped = this.held + unread
    const position = this.position + skipped
    this.#onRead(unread)
    await this.replace(contentOf(this.#file, this.#onRead, position), position)
    return skipped
  }
}
