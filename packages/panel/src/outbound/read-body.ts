import type { IncomingMessage } from 'node:http'
import { Transform, type TransformCallback } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import { AppError } from '@hatchery/core/errors'
import { shownUrl } from '@hatchery/core/outbound'

export interface BodyLimits {
  readonly url: URL
  readonly maxBytes: number
  readonly signal: AbortSignal
}

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
}

/**
 * The body of an answer, decompressed; what it says about its size and type is not believed.
 * @throws AppError `OUTBOUND_TOO_LARGE` as soon as it is; `OUTBOUND_FAILED` for an encoding that nobody asked for
 */
export async function readBody(response: IncomingMessage, { url, maxBytes, signal }: BodyLimits): Promise<Buffer> {
  const tooLarge = () => new AppError('OUTBOUND_TOO_LARGE', { url: shownUrl(url), limitBytes: maxBytes })
  if (Number(response.headers['content-length'] ?? 0) > maxBytes) throw tooLarge()

  const encoding = (response.headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  const createDecoder = Object.hasOwn(DECODERS, encoding) ? DECODERS[encoding] : undefined
  if (!createDecoder && encoding !== 'identity' && encoding !== '') {
    const reason = `it is packed as ${JSON.stringify(encoding.slice(0, 50))}, which is not read`
    throw new AppError('OUTBOUND_FAILED', { url: shownUrl(url), reason })
  }
  const chunks: Buffer[] = []
  const collect = async (source: AsyncIterable<Buffer>) => {
    for await (const chunk of source) chunks.push(chunk)
  }
  // Counted before and after: a decoder gives out little where much went in as well.
  if (createDecoder) {
    await pipeline(
      response,
      new Counter(maxBytes, tooLarge),
      createDecoder(),
      new Counter(maxBytes, tooLarge),
      collect,
      {
        signal,
      },
    )
  } else {
    await pipeline(response, new Counter(maxBytes, tooLarge), collect, { signal })
  }
  return Buffer.concat(chunks)
}

/** Ends the stream with an error when more than a number of bytes has gone through. */
class Counter extends Transform {
  readonly #maxBytes: number
  readonly #tooLarge: () => Error
  #count = 0

  constructor(maxBytes: number, tooLarge: () => Error) {
    super()
    this.#maxBytes = maxBytes
    this.#tooLarge = tooLarge
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#count += chunk.length
    if (this.#count > this.#maxBytes) done(this.#tooLarge())
    else done(null, chunk)
  }
}
