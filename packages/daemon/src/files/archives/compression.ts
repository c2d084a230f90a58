import type { FileHandle } from 'node:fs/promises'
import { pipeline, Readable, type Duplex } from 'node:stream'
import { constants, createGunzip, createGzip, createZstdCompress, createZstdDecompress } from 'node:zlib'
import { contentOf } from './file-reader.ts'
import { readLz4 } from './read-lz4.ts'
import { decompressWithSevenZip } from './seven-zip/run-seven-zip.ts'

/** Sends chunks through a transforming stream, as fast as they are taken. */
export async function* throughStream(
  source: AsyncIterable<Uint8Array>,
  stream: Duplex,
): AsyncGenerator<Uint8Array, void, undefined> {
  // Errors of either come out of the loop below.
  pipeline(Readable.from(source, { objectMode: false, highWaterMark: 1024 * 1024 }), stream, () => undefined)
  yield* stream as AsyncIterable<Uint8Array>
}

export type Compression = 'gzip' | 'zstd' | 'xz' | 'bzip2' | 'lz4'

/** Small pieces cost more in passing them on than in packing them. */
export const CHUNK = { chunkSize: 256 * 1024 } as const
/** Worlds and jars are packed already: more effort makes them hardly smaller. */
const FAST_ZSTD = { ...CHUNK, highWaterMark: 2 * 1024 * 1024, params: { [constants.ZSTD_c_compressionLevel]: 1 } }
/** A window of 128 MiB is the most that `zstd` itself takes without being told to. */
const SAFE_ZSTD = { ...CHUNK, params: { [constants.ZSTD_d_windowLogMax]: 27 } }

export function compress(source: AsyncIterable<Uint8Array>, by: 'gzip' | 'zstd'): AsyncIterable<Uint8Array> {
  return throughStream(source, by === 'gzip' ? createGzip({ ...CHUNK, level: 1 }) : createZstdCompress(FAST_ZSTD))
}

export interface DecompressOptions {
  readonly signal?: AbortSignal | undefined
  /** Told how many further bytes of the file were read. */
  readonly onRead?: (bytes: number) => void
}

/** What comes out of a compressed file; errors of its data are those of its library, see `explainDamage`. */
export async function* decompress(
  file: FileHandle,
  by: Compression,
  options: DecompressOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  switch (by) {
    case 'gzip':
      return yield* throughStream(contentOf(file, options.onRead), createGunzip(CHUNK))
    case 'zstd':
      return yield* readZstd(file, options.onRead)
    case 'lz4':
      return yield* readLz4(contentOf(file, options.onRead))
    case 'xz':
    case 'bzip2':
      return yield* decompressWithSevenZip({ file, sizeBytes: (await file.stat()).size, format: by, ...options })
    default:
      by satisfies never
  }
}

/** Every frame of the file: Node's stream ends with the first, and drops what is behind it without a word. */
async function* readZstd(
  file: FileHandle,
  onRead?: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { size } = await file.stat()
  for (let at = 0; at < size;) {
    const stream = createZstdDecompress(SAFE_ZSTD)
    yield* throughStream(contentOf(file, onRead, at), stream)
    if (stream.bytesWritten === 0) return
    at += stream.bytesWritten
  }
}
