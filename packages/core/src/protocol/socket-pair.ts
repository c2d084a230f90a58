import type { ProtocolSocket } from './session.ts'

/** What may happen to a message on its way; the direction is the side that sent it. */
export type Fault = 'drop' | 'duplicate' | 'hold' | 'close' | { readonly replace: Uint8Array }

export interface SocketPairOptions {
  /** Asked for every message, with its number within the direction; undefined lets it pass. */
  readonly fault?: (side: 'a' | 'b', data: Uint8Array, index: number) => Fault | undefined
  /** Messages stay in `bufferedAmount` until {@link SocketPair.drain}. @default false */
  readonly isManual?: boolean
}

export interface SocketPair {
  readonly a: ProtocolSocket
  readonly b: ProtocolSocket
  /** Everything that was sent, in order. */
  readonly log: readonly { readonly side: 'a' | 'b'; readonly data: Uint8Array }[]
  /** Delivers up to this many messages that one side has buffered, with `isManual`. */
  drain(side: 'a' | 'b', count?: number): void
  /** Puts bytes in front of the other side as if `side` had sent them. */
  inject(side: 'a' | 'b', data: Uint8Array): void
  /** Both ends close, as if the cable were cut. */
  cut(): void
}

/** Two sockets in memory, for tests: delivery is asynchronous and in order. */
export function socketPair(options: SocketPairOptions = {}): SocketPair {
  const log: { readonly side: 'a' | 'b'; readonly data: Uint8Array }[] = []
  const a = new PairSocket()
  const b = new PairSocket()
  const ends = { a, b }
  const peer = { a: b, b: a }
  const count = { a: 0, b: 0 }
  const close = (code: number, reason: string) => {
    a.closed(code, reason)
    b.closed(code, reason)
  }
  for (const side of ['a', 'b'] as const) {
    const held: Uint8Array[] = []
    const end = ends[side]
    end.transmit = (data) => {
      log.push({ side, data })
      const fault = options.fault?.(side, data, count[side]++)
      if (fault === 'close') return close(1006, 'the connection was cut')
      if (fault === 'drop') return
      if (fault === 'hold') return void held.push(data)
      const shown = typeof fault === 'object' ? fault.replace : data
      peer[side].deliver(shown)
      if (fault === 'duplicate') peer[side].deliver(shown)
      for (const late of held.splice(0)) peer[side].deliver(late)
    }
    end.hangUp = close
    end.isManual = options.isManual ?? false
  }
  return {
    a,
    b,
    log,
    drain: (side, messages = Number.POSITIVE_INFINITY) => ends[side].drain(messages),
    inject: (side, data) => peer[side].deliver(data),
    cut: () => close(1006, 'the connection was cut'),
  }
}

class PairSocket implements ProtocolSocket {
  transmit: (data: Uint8Array) => void = () => {}
  hangUp: (code: number, reason: string) => void = () => {}
  isManual = false
  #buffer: Uint8Array[] = []
  #bufferedBytes = 0
  #incoming: Uint8Array[] = []
  #isDelivering = false
  #onMessage: ((data: Uint8Array) => void) | undefined
  #onClose: ((code: number, reason: string) => void) | undefined
  #end: { readonly code: number; readonly reason: string } | undefined
  #isClosing = false

  get bufferedAmount(): number {
    return this.#bufferedBytes
  }

  send(data: Uint8Array): void {
    if (this.#end || this.#isClosing) return
    this.#buffer.push(data)
    this.#bufferedBytes += data.length
    if (!this.isManual) this.drain(1)
  }

  drain(count: number): void {
    for (const data of this.#buffer.splice(0, Math.min(count, this.#buffer.length))) {
      this.#bufferedBytes -= data.length
      this.transmit(data)
    }
  }

  close(code: number, reason: string): void {
    if (this.#end || this.#isClosing) return
    this.#isClosing = true
    // What was sent before the close still arrives before it.
    setImmediate(() => this.hangUp(code, reason))
  }

  onMessage(listener: (data: Uint8Array) => void): void {
    this.#onMessage = listener
    this.#schedule()
  }

  onClose(listener: (code: number, reason: string) => void): void {
    this.#onClose = listener
    if (this.#end) listener(this.#end.code, this.#end.reason)
  }

  deliver(data: Uint8Array): void {
    if (this.#end) return
    this.#incoming.push(data)
    this.#schedule()
  }

  closed(code: number, reason: string): void {
    if (this.#end) return
    this.#end = { code, reason }
    this.#buffer = []
    this.#bufferedBytes = 0
    this.#incoming = []
    const end = this.#end
    queueMicrotask(() => this.#onClose?.(end.code, end.reason))
  }

  #schedule(): void {
    if (this.#isDelivering || !this.#onMessage) return
    this.#isDelivering = true
    queueMicrotask(() => {
      this.#isDelivering = false
      for (const data of this.#incoming.splice(0)) if (!this.#end) this.#onMessage?.(data)
    })
  }
}
