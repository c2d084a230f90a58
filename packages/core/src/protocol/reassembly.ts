import type { Fragment } from './frame-cipher.ts'
import { MAX_FRAGMENT_BYTES, MAX_MESSAGE_BYTES, violation } from './wire.ts'

/** A sender has at most one unfinished message in each of its three lanes for large messages. */
const MAX_OPEN_MESSAGES = 4

/** Puts fragments together; it never holds more than four messages of the largest size. */
export class Reassembly {
  readonly #open = new Map<number, { readonly parts: Uint8Array[]; bytes: number }>()

  /**
   * @returns the whole message with its last fragment, else undefined
   * @throws AppError `PROTOCOL_VIOLATION`
   */
  add({ message, isFirst, isLast, payload }: Fragment): Uint8Array | undefined {
    if (!isLast && payload.length !== MAX_FRAGMENT_BYTES) throw violation('a fragment is not full')
    if (isFirst) {
      if (this.#open.has(message)) throw violation('a message began twice')
      if (isLast) return payload
      if (this.#open.size >= MAX_OPEN_MESSAGES) throw violation('too many unfinished messages')
      this.#open.set(message, { parts: [payload], bytes: payload.length })
      return undefined
    }
    const open = this.#open.get(message)
    if (!open) throw violation('a message has no beginning')
    open.bytes += payload.length
    if (open.bytes > MAX_MESSAGE_BYTES) throw violation(`a message is larger than ${MAX_MESSAGE_BYTES} bytes`)
    open.parts.push(payload)
    if (!isLast) return undefined
    this.#open.delete(message)
    return Buffer.concat(open.parts, open.bytes)
  }
}
