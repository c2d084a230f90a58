import type { Duplex } from 'node:stream'

const MAX_LINE_BYTES = 8_192

/** The other side says that it cannot go on. */
export class ScpError extends Error {
  override readonly name = 'ScpError'
}

/** Lines and bytes of the old scp protocol, read in their order from a stream. */
export class ScpStream {
  readonly #stream: Duplex
  readonly #chunks: AsyncIterator<Buffer>
  readonly #congestion: () => Promise<void> | null
  #rest: Buffer = Buffer.alloc(0)

  constructor(stream: Duplex, congestion: () => Promise<void> | null = () => null) {
    this.#stream = stream
    this.#congestion = congestion
    this.#chunks = stream.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>
  }

  /** A line without its end, one character for each byte; null at the end of the stream. */
  async line(): Promise<string | null> {
    for (;;) {
      const end = this.#rest.indexOf(10)
      if (end >= 0) {
        const line = this.#rest.toString('latin1', 0, end)
        this.#rest = this.#rest.subarray(end + 1)
        return line
      }
      if (this.#rest.length > MAX_LINE_BYTES) throw new ScpError('A line is too long.')
      if (!(await this.#more())) return null
    }
  }

  /** So many bytes, in pieces. @throws ScpError when they do not come */
  async *bytes(count: number): AsyncGenerator<Buffer, void, undefined> {
    for (let left = count; left > 0;) {
      if (this.#rest.length === 0 && !(await this.#more()))
        throw new ScpError('The connection has ended within a file.')
      const piece = this.#rest.subarray(0, left)
      this.#rest = this.#rest.subarray(piece.length)
      left -= piece.length
      yield piece
    }
  }

  /** Waits for the other side to say that it goes on. @throws ScpError with its words when it does not */
  async agreed(): Promise<void> {
    let [first] = this.#rest
    if (first === undefined) {
      if (!(await this.#more())) throw new ScpError('The connection has ended.')
      first = this.#rest[0]!
    }
    this.#rest = this.#rest.subarray(1)
    if (first === 0) return
    throw new ScpError(((await this.line()) ?? '').slice(0, 200))
  }

  async send(bytes: Uint8Array | string): Promise<void> {
    const waiting = this.#congestion()
    if (waiting) await waiting
    if (this.#stream.destroyed || this.#stream.writableEnded) throw new ScpError('The connection has ended.')
    if (this.#stream.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)) return
    await new Promise<void>((resolve) => {
      const done = () => {
        this.#stream.off('drain', done)
        this.#stream.off('close', done)
        resolve()
      }
      this.#stream.on('drain', done)
      this.#stream.on('close', done)
    })
  }

  async #more(): Promise<boolean> {
    const { value, done } = await this.#chunks.next()
    if (done) return false
    this.#rest = this.#rest.length === 0 ? value : Buffer.concat([this.#rest, value])
    return true
  }
}
