const P1 = 0x9e3779b1
const P2 = 0x85ebca77
const P3 = 0xc2b2ae3d
const P4 = 0x27d4eb2f
const P5 = 0x165667b1
const STRIPE = 16

const rotate = (value: number, by: number) => (value << by) | (value >>> (32 - by))
const round = (lane: number, word: number) => Math.imul(rotate((lane + Math.imul(word, P2)) | 0, 13), P1)

/**
 * The checksum in LZ4 frames, with seed 0, over pieces of any length.
 * Source: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
 */
export class Xxh32 {
  #a = (P1 + P2) | 0
  #b = P2 | 0
  #c = 0
  #d = -P1 | 0
  #length = 0
  readonly #rest = Buffer.alloc(STRIPE)
  #held = 0

  update(bytes: Buffer): this {
    this.#length += bytes.length
    let at = 0
    if (this.#held > 0) {
      at = bytes.copy(this.#rest, this.#held, 0, STRIPE - this.#held)
      this.#held += at
      if (this.#held < STRIPE) return this
      this.#stripes(this.#rest, 0, STRIPE)
    }
    const end = bytes.length - ((bytes.length - at) % STRIPE)
    this.#stripes(bytes, at, end)
    this.#held = bytes.copy(this.#rest, 0, end)
    return this
  }

  /** An unsigned number of 32 bits; the last call. */
  digest(): number {
    let hash =
      this.#length >= STRIPE ? rotate(this.#a, 1) + rotate(this.#b, 7) + rotate(this.#c, 12) + rotate(this.#d, 18) : P5
    hash = (hash + this.#length) | 0
    let at = 0
    for (; at + 4 <= this.#held; at += 4) {
      hash = Math.imul(rotate((hash + Math.imul(this.#rest.readInt32LE(at), P3)) | 0, 17), P4)
    }
    for (; at < this.#held; at++) hash = Math.imul(rotate((hash + Math.imul(this.#rest[at]!, P5)) | 0, 11), P1)
    hash = Math.imul(hash ^ (hash >>> 15), P2)
    hash = Math.imul(hash ^ (hash >>> 13), P3)
    return (hash ^ (hash >>> 16)) >>> 0
  }

  #stripes(bytes: Buffer, begin: number, end: number): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    let [a, b, c, d] = [this.#a, this.#b, this.#c, this.#d]
    for (let at = begin; at < end; at += STRIPE) {
      a = round(a, view.getInt32(at, true))
      b = round(b, view.getInt32(at + 4, true))
      c = round(c, view.getInt32(at + 8, true))
      d = round(d, view.getInt32(at + 12, true))
    }
    ;[this.#a, this.#b, this.#c, this.#d] = [a, b, c, d]
  }
}
