import type { FileHandle } from 'node:fs/promises'
import { readAt } from '../open-file.ts'
import { broken, type ArchiveEntry } from './archive-entry.ts'
import { decompress, type Compression } from './compression.ts'
import { hasChecksum, readTar } from './read-tar.ts'
import { readZip } from './read-zip.ts'

const PIECE_BYTES = 1024 * 1024

/** The entries of an archive, recognised by what is in it; a file that is only compressed is an archive of one. */
export async function* openArchive(file: FileHandle, path: string): AsyncGenerator<ArchiveEntry, void, undefined> {
  const head = await readAt(file, 0, 512)
  const compression = compressionOf(head)
  if (compression) {
    const start = await firstBytes(decompress(contentOf(file), compression), 512)
    if (isTar(start)) return yield* readTar(decompress(contentOf(file), compression))
    return yield single(path, decompress(contentOf(file), compression))
  }
  if (head.length >= 4 && (head.readUInt32LE(0) === 0x04034b50 || head.readUInt32LE(0) === 0x06054b50)) {
    return yield* readZip(file)
  }
  if (isTar(head)) return yield* readTar(contentOf(file))
  throw broken('it is neither zip nor tar, nor compressed with gzip or zstd')
}

function compressionOf(head: Buffer): Compression | null {
  if (head.length < 4) return null
  if (head.readUInt16BE(0) === 0x1f8b) return 'gzip'
  return head.readUInt32LE(0) === 0xfd2fb528 ? 'zstd' : null
}

function isTar(head: Buffer): boolean {
  return head.length === 512 && hasChecksum(head) && head.some((byte) => byte !== 0)
}

function single(path: string, body: AsyncIterable<Uint8Array>): ArchiveEntry {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const plain = name.replace(/\.(gz|zst|zstd)$/i, '')
  return {
    path: plain === name ? `${name}.out` : plain,
    type: 'file',
    mode: 0o644,
    modifiedAt: null,
    linkTarget: '',
    body,
  }
}

async function* contentOf(file: FileHandle): AsyncGenerator<Buffer, void, undefined> {
  for (let at = 0; ;) {
    const piece = await readAt(file, at, PIECE_BYTES)
    if (piece.length === 0) return
    yield piece
    at += piece.length
  }
}

async function firstBytes(source: AsyncIterable<Uint8Array>, length: number): Promise<Buffer> {
  let bytes = Buffer.alloc(0)
  for await (const piece of source) {
    bytes = Buffer.concat([bytes, piece])
    if (bytes.length >= length) break
  }
  return bytes.subarray(0, length)
}

/** Says of an error of zlib what it means: the data is no such data, or it ends too early. */
export function explainDamage(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return /^(Z_|ZSTD_|ERR_ZLIB)/.test(code) ? broken('it is damaged', error) : error
}
