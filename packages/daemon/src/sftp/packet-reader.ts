import { nameFromBytes } from '@hatchery/core/runtime'

/** The packet is not what it says it is; whoever sent it cannot be understood any further. */
export class MalformedPacket extends Error {
  override readonly name = 'MalformedPacket'
}

/** Reads the fields of one packet, in their order; never beyond its end. */
export class PacketReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  byte(): number {
    return this.#bytes.readUInt8(this.#take(1))
  }

  uint32(): number {
    return this.#bytes.readUInt32BE(this.#take(4))
  }

  /** A number of 64 bits; those beyond what a number holds exactly stay large and lose digits. */
  uint64(): number {
    return Number(this.#bytes.readBigUInt64BE(this.#take(8)))
  }

  /** A part of the packet itself, not a copy. */
  bytes(): Buffer {
    const length = this.uint32()
    const start = this.#take(length)
    return this.#bytes.subarray(start, start + length)
  }

  /** Names are bytes; what is no UTF-8 is escaped (RULES 17). */
  text(): string {
    return nameFromBytes(this.bytes())
  }

  #take(length: number): number {
    if (length > this.left) throw new MalformedPacket(`A field of ${length} bytes goes beyond the end of its packet.`)
    const start = this.#at
    this.#at += length
    return start
  }
}
