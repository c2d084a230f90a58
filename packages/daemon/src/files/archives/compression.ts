import { pipeline, Readable, type Duplex } from 'node:stream'
import { constants, createGunzip, createGzip, createZstdCompress, createZstdDecompress } from 'node:zlib'

/** Sends chunks through a transforming stream, as fast as they are taken. */
export async function* throughStream(
  source: AsyncIterable<Uint8Array>,
  stream: Duplex,
): AsyncGenerator<Uint8Array, void, undefined> {
  // Errors of either come out of the loop below.
  pipeline(Readable.from(source, { objectMode: false, highWaterMark: 1024 * 1024 }), stream, () => undefined)
  yield* stream as AsyncIterable<Uint8Array>
}

export type Compression = 'gzip' | 'zstd'

/** Small pieces cost more in passing them on than in packing them. */
export const CHUNK = { chunkSize: 256 * 1024 } as const
/** Worlds and jars are packed already: more effort makes them hardly smaller. */
const FAST_ZSTD = { ...CHUNK, params: { [constants.ZSTD_c_compressionLevel]: 1 } }

export function compress(source: AsyncIterable<Uint8Array>, by: Compression): AsyncIterable<Uint8Array> {
  return throughStream(source, by === 'gzip' ? createGzip({ ...CHUNK, level: 1 }) : createZstdCompress(FAST_ZSTD))
}

export function decompress(source: AsyncIterable<Uint8Array>, by: Compression): AsyncIterable<Uint8Array> {
  return throughStream(source, by === 'gzip' ? createGunzip(CHUNK) : createZstdDecompress(CHUNK))
}
