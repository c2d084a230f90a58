import { pipeline, Readable, type Duplex } from 'node:stream'
import { createGunzip, createGzip, createZstdCompress, createZstdDecompress } from 'node:zlib'

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

export function compress(source: AsyncIterable<Uint8Array>, by: Compression): AsyncIterable<Uint8Array> {
  return throughStream(source, by === 'gzip' ? createGzip({ level: 6 }) : createZstdCompress())
}

export function decompress(source: AsyncIterable<Uint8Array>, by: Compression): AsyncIterable<Uint8Array> {
  return throughStream(source, by === 'gzip' ? createGunzip() : createZstdDecompress())
}
