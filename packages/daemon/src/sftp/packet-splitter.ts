import { MalformedPacket } from './packet-reader.ts'

const LENGTH_BYTES = 4

/** Cuts a stream of bytes into packets: a length of four bytes, then so many bytes. */
export class PacketSplitter {
  readonly #maxBytes: number
  #pieces: Buffer[] = []
  #length = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Bytes that have come and are part of no packet yet. */
  get bufferedBytes(): number {
    return this.#length
  }

  add(piece: Buffer): void {
    if (piece.length === 0) return
    this.#pieces.push(piece)
    this.#length += piece.length
  }

  /**
   * The next whole packet without its length; null until it has come. It holds no more memory than itself for long: a piece
   * that came in one with others is shared with them.
   * @throws MalformedPacket for a packet that is empty or too long
   */
  next(): Buffer | null {
    if (this.#length < LENGTH_BYTES) return null
    const length = this.#front(LENGTH_BYTES).readUInt32BE(0)
    if (length === 0 || length > this.#maxBytes) throw new MalformedPacket(`A packet of ${length} bytes is not taken.`)
    if (this.#length < LENGTH_BYTES + length) return null
    const whole = this.#front(LENGTH_BYTES + length)
    this.#drop(LENGTH_BYTES + length)
    return whole.subarray(LENGTH_BYTES, LENGTH_BYTES + length)
  }

  /** So many bytes in one piece, which may be longer. */
  #front(length: number): Buffer {
    const first = this.#pieces[0]!
    if (first.length >= length) return first
    let count = 0
    for (let bytes = 0; bytes < length; count += 1) bytes += this.#pieces[count]!.length
    const whole = Buffer.concat(this.#pieces.slice(0, count))
    this.#pieces.splice(0, count, whole)
    return whole
  }

  #drop(length: number): void {
    this.#length -= length
    const rest = this.#pieces[0]!.subarray(length)
    if (rest.length > 0) this.#pieces[0] = rest
    else this.#pieces.shift()
  }
}
