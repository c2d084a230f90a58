/** Takes a stream of chunks apart by length. */
export class ByteReader {
  #chunks: AsyncIterator<Uint8Array>
  #rest: Buffer = Buffer.alloc(0)
  #position = 0

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#chunks = source[Symbol.asyncIterator]()
  }

  /** How many bytes were taken or left out. */
  get position(): number {
    return this.#position
  }

  /** Exactly so many bytes; fewer only where the stream ends. */
  async take(length: number): Promise<Buffer> {
    // Most of what is asked for is short, and lies in the chunk that is there.
    if (length <= this.#rest.length) return this.#cut(length)
    const parts: Buffer[] = []
    let missing = length
    while (missing > 0) {
      const piece = await this.some(missing)
      if (!piece) break
      parts.push(piece)
      missing -= piece.length
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  }

  /** At least one byte and at most so many; null at the end. */
  async some(length: number): Promise<Buffer | null> {
    while (this.#rest.length === 0) {
      const { value, done } = await this.#chunks.next()
      if (done) return null
      this.#rest = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    }
    return this.#cut(length)
  }

  /** Leaves so many bytes out. @returns how many there were */
  async skip(length: number): Promise<number> {
    let left = length
    while (left > 0) {
      const piece = await this.some(left)
      if (!piece) break
      left -= piece.length
    }
    return length - left
  }

  async close(): Promise<void> {
    await this.#chunks.return?.()
  }

  /** How many bytes are at hand. */
  protected get held(): number {
    return this.#rest.length
  }

  /** Goes on with other chunks, at another place. */
  protected async replace(source: AsyncIterable<Uint8Array>, position: number): Promise<void> {
    await this.close()
    this.#chunks = source[Symbol.asyncIterator]()
    this.#rest = Buffer.alloc(0)
    this.#position = position
  }

  #cut(length: number): Buffer {
    const piece = this.#rest.subarray(0, length)
    this.#rest = this.#rest.subarray(piece.length)
    this.#position += piece.length
    return piece
  }
}

/** The first bytes of a stream, and the whole of it: what was looked at comes again. */
export async function peek(
  source: AsyncIterable<Uint8Array>,
  length: number,
): Promise<{ readonly head: Buffer; readonly whole: AsyncGenerator<Uint8Array, void, undefined> }> {
  const reader = new ByteReader(source)
  const head = await reader.take(length).catch(async (error: unknown) => {
    await reader.close()
    throw error
  })
  const whole = async function* () {
    try {
      if (head.length > 0) yield head
      for (let piece = await reader.some(Infinity); piece; piece = await reader.some(Infinity)) yield piece
    } finally {
      await reader.close()
    }
  }
  return { head, whole: whole() }
}
