import { AppError } from '@hatchery/core/errors'
import { nameForFile, nameOfUrl, readDispositionName } from './file-name.ts'
import { failed, reasonOf, type WebAnswer, type WebClient } from './web-client.ts'

/** Connections that may break one after the other without anything new having come, and in all. */
const MAX_FAILURES = 5
const MAX_BREAKS = 50

export interface WebFileOptions {
  readonly client: WebClient
  readonly signal: AbortSignal
  /** Waits before a connection is tried again. */
  readonly pause: (ms: number) => Promise<void>
  /** Whoever sends less than `leastBytes` within this time holds a place that others need. @default 60 s */
  readonly windowMs?: number
  /** @default 64 KiB */
  readonly leastBytes?: number
}

/** A file on the web that is being fetched: what is known of it, and its bytes once. */
export class WebFile {
  /** Bytes of the whole; null when the other side does not say. */
  readonly sizeBytes: number | null
  /** What the other side, or its address, calls it; null when neither does. */
  readonly name: string | null
  readonly #address: string
  readonly #options: WebFileOptions
  readonly #validator: string | null
  #answer: WebAnswer

  private constructor(address: string, answer: WebAnswer, options: WebFileOptions) {
    const { headers, url } = answer
    this.#address = address
    this.#options = options
    this.#answer = answer
    this.sizeBytes = headers['content-length'] === undefined ? null : Number(headers['content-length'])
    this.name = nameForFile([
      readDispositionName(headers['content-disposition']),
      nameOfUrl(url),
      nameOfUrl(new URL(address)),
    ])
    this.#validator = validatorOf(answer)
  }

  /** @throws AppError as `WebClient.get` */
  static async open(address: string, options: WebFileOptions): Promise<WebFile> {
    const { client, signal } = options
    const answer = await client.get(address, { headers: {}, signal })
    if (answer.status === 200) return new WebFile(client.check(address).href, answer, options)
    answer.close()
    throw failed(answer.url, 'it answers with a part that nobody asked for')
  }

  /**
   * The bytes, over as many connections as it takes: where the other side continues the same file, what has come is kept.
   * @throws AppError `PULL_FAILED`, `PULL_REFUSED`; the reason of the signal when that fires
   */
  async *bytes(): AsyncGenerator<Uint8Array, void, undefined> {
    const { signal } = this.#options
    let [at, failures, failedAt, breaks] = [0, 0, -1, 0]
    try {
      for (;;) {
        try {
          for await (const piece of this.#pieces()) {
            at += piece.length
            yield piece
          }
          if (this.sizeBytes === null || at === this.sizeBytes) return
          throw new Error('the connection was closed before the end')
        } catch (error) {
          signal.throwIfAborted()
          failures = at > failedAt ? 1 : failures + 1
          failedAt = at
          breaks += 1
          const isLost = error instanceof TooSlow || failures > MAX_FAILURES || breaks > MAX_BREAKS
          if (isLost || this.#validator === null) throw this.#failed(reasonOf(error), error)
        }
        await this.#continue(at, failures)
      }
    } finally {
      this.close()
    }
  }

  close(): void {
    this.#answer.close()
  }

  /** Asks for the rest; goes the whole way again, because what an address leads to may have moved. */
  async #continue(at: number, failures: number): Promise<void> {
    const { client, signal, pause } = this.#options
    this.#answer.close()
    for (let attempt = failures; ; attempt++) {
      await pause(Math.min(250 * 2 ** attempt, 10_000))
      signal.throwIfAborted()
      try {
        const headers = { range: `bytes=${at}-`, 'if-range': this.#validator! }
        this.#answer = await client.get(this.#address, { headers, signal })
        break
      } catch (error) {
        // A network comes back; a refusal stays one.
        const isRefusal = error instanceof AppError && error.code !== 'PULL_FAILED'
        if (isRefusal || attempt >= MAX_FAILURES) throw error
      }
    }
    const { status, headers } = this.#answer
    const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers['content-range'] ?? '')
    const isSame = this.sizeBytes === null || range?.[2] === '*' || Number(range?.[2]) === this.sizeBytes
    if (status !== 206 || Number(range?.[1]) !== at || !isSame) {
      throw this.#failed('the connection broke, and the file cannot be continued')
    }
  }

  /** Only time spent on waiting for the other side counts, so that a slow disk is not its fault. */
  async *#pieces(): AsyncGenerator<Uint8Array, void, undefined> {
    const { windowMs = 60_000, leastBytes = 64 * 1024 } = this.#options
    let [bytes, waitedMs, since] = [0, 0, performance.now()]
    for await (const piece of this.#answer.body as AsyncIterable<Buffer>) {
      waitedMs += performance.now() - since
      bytes += piece.length
      if (waitedMs >= windowMs) {
        if (bytes < leastBytes) throw new TooSlow(`it sends less than ${leastBytes} bytes in ${windowMs / 1000} s`)
        ;[bytes, waitedMs] = [0, 0]
      }
      yield piece
      since = performance.now()
    }
  }

  #failed(reason: string, cause?: unknown): AppError {
    return failed(new URL(this.#address), reason, cause)
  }
}

class TooSlow extends Error {}

/** What says that the rest is of the same file: a strong tag, or a date where ranges are offered. */
function validatorOf({ headers }: WebAnswer): string | null {
  if (headers['accept-ranges']?.trim().toLowerCase() === 'none') return null
  const { etag } = headers
  if (etag !== undefined && etag.startsWith('"')) return etag
  return headers['last-modified'] ?? null
}
