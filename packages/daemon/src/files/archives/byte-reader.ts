/** Takes a stream of chunks apart by length. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>
  #rest: Buffer = Buffer.alloc(0)

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#chunks = source[Symbol.asyncIterator]()
  }

  /** Exactly so many bytes; fewer only where the stream ends. */
  async take(length: number): Promise<Buffer> {
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
    const piece = this.#rest.subarray(0, length)
    this.#rest = this.#rest.subarray(piece.length)
    return piece
  }

  async close(): Promise<void> {
    await this.#chunks.return?.()
  }
}
