import { AppError } from '../errors/index.ts'
import type { ProtocolSocket } from './session.ts'
import { MAX_FRAME_BYTES, violation } from './wire.ts'

/** What a peer may send ahead; more than this before the handshake has ended is no handshake. */
const MAX_WAITING_BYTES = 320 * 1024
const MAX_WAITING = 64

/** Reads a socket message by message for the handshake, then hands it over to a listener without losing one between. */
export class Inbox {
  readonly #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #listener: ((data: Uint8Array) => void) | undefined
  #closeListener: ((reason: string) => void) | undefined
  #pending: { resolve: (data: Uint8Array) => void; reject: (error: AppError) => void } | undefined
  #error: AppError | undefined

  constructor(socket: ProtocolSocket) {
    socket.onMessage((data) => this.#receive(data))
    socket.onClose((_code, reason) => this.#closed(reason))
  }

  /** @throws AppError when the socket closes or {@link fail} is called first */
  next(): Promise<Uint8Array> {
    const data = this.#waiting.shift()
    if (data) return Promise.resolve(data)
    if (this.#error) return Promise.reject(this.#error)
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject }
    })
  }

  /** Ends the reading with an error. */
  fail(error: AppError): void {
    this.#error ??= error
    this.#pending?.reject(this.#error)
    this.#pending = undefined
  }

  /** From here on every message goes to the listener, those that wait first. */
  handOver(listener: (data: Uint8Array) => void, onClose: (reason: string) => void): void {
    this.#listener = listener
    this.#closeListener = onClose
    for (const data of this.#waiting.splice(0)) listener(data)
    if (this.#error) onClose(this.#error.message)
  }

  #receive(data: Uint8Array): void {
    if (this.#listener) return this.#listener(data)
    if (this.#error) return
    if (data.length > MAX_FRAME_BYTES) return this.fail(violation('a frame is too large'))
    if (this.#pending) {
      const { resolve } = this.#pending
      this.#pending = undefined
      return resolve(data)
    }
    this.#waitingBytes += data.length
    if (this.#waiting.length >= MAX_WAITING || this.#waitingBytes > MAX_WAITING_BYTES) {
      return this.fail(violation('too many messages before the handshake'))
    }
    this.#waiting.push(data)
  }

  #closed(reason: string): void {
    if (this.#closeListener) return this.#closeListener(reason || 'the other side closed the connection')
    this.fail(new AppError('HANDSHAKE_FAILED', { reason: reason || 'the other side closed the connection' }))
  }
}
