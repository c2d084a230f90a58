import { AppError } from '../errors/index.ts'
import type { Channel } from './channel.ts'
import type { Lane } from './send-scheduler.ts'
import type { Outbox, SequencedEvent } from './session.ts'
import { MAX_MESSAGE_BYTES, encodeMessage, violation, type WireEvent } from './wire.ts'

/** Events that may be on their way without an acknowledgement. */
export const EVENT_WINDOW = 256
const WINDOW_BYTES = 1024 * 1024
const BATCH_EVENTS = 64
const BATCH_BYTES = 48 * 1024

/** Sends what the outbox holds, in order, within a window; drops nothing before the panel has acknowledged it. */
export class EventSender implements Lane {
  readonly bufferLimit = 192 * 1024
  readonly #outbox: Outbox
  readonly #incarnation: string
  readonly #onFault: (error: unknown, where: string) => void
  /** Sequence number and size of what is on its way, oldest first. */
  readonly #inFlight: { readonly seq: number; readonly bytes: number }[] = []
  #inFlightBytes = 0
  #sentSeq: number
  #isFlushing = false

  constructor(outbox: Outbox, storedSeq: number, onFault: (error: unknown, where: string) => void) {
    this.#outbox = outbox
    this.#incarnation = outbox.incarnation
    this.#onFault = onFault
    this.#sentSeq = storedSeq
    if (storedSeq > outbox.acknowledgedSeq) outbox.acknowledge(storedSeq)
  }

  next(): Uint8Array | undefined {
    const room = EVENT_WINDOW - this.#inFlight.length
    if (room <= 0 || this.#inFlightBytes >= WINDOW_BYTES || this.#sentSeq >= this.#outbox.lastSeq) return undefined
    const { lastSeq } = this.#outbox
    const events = this.#outbox.read(this.#sentSeq, Math.min(room, BATCH_EVENTS))
    // A panel that was restored from an old dump asks for what is gone already: nothing is left to look for again.
    if (events.length === 0) this.#sentSeq = lastSeq
    const batch: WireEvent[] = []
    let bytes = 0
    for (const event of events) {
      const wire = this.#toWire(event)
      const size = Buffer.byteLength(JSON.stringify(wire))
      if (batch.length > 0 && bytes + size > BATCH_BYTES) break
      batch.push(wire)
      bytes += size
      this.#sentSeq = event.seq
      this.#inFlight.push({ seq: event.seq, bytes: size })
      this.#inFlightBytes += size
      if (bytes > BATCH_BYTES) break
    }
    if (batch.length === 0) return undefined
    return encodeMessage({ type: 'events', incarnation: this.#incarnation, events: batch })
  }

  /** Several appends in one tick are sent together. */
  flush(channel: Channel): void {
    if (this.#isFlushing || channel.isClosed) return
    this.#isFlushing = true
    queueMicrotask(() => {
      this.#isFlushing = false
      channel.pump()
    })
  }

  onAck(incarnation: string, seq: number): void {
    if (incarnation !== this.#incarnation || seq > this.#sentSeq)
      throw violation('an event was acknowledged that was not sent')
    let passed = 0
    for (const event of this.#inFlight) {
      if (event.seq > seq) break
      this.#inFlightBytes -= event.bytes
      passed++
    }
    this.#inFlight.splice(0, passed)
    if (seq > this.#outbox.acknowledgedSeq) this.#outbox.acknowledge(seq)
  }

  #toWire({ seq, at, event }: SequencedEvent): WireEvent {
    const { name, data } = event
    if (Buffer.byteLength(JSON.stringify(data) ?? 'null') <= MAX_MESSAGE_BYTES - 4096)
      return [seq, Math.max(0, Math.round(at)), name, data ?? null]
    this.#onFault(new AppError('INTERNAL', { event: name, seq }), 'an event is too large and was replaced by `lost`')
    return [seq, at, 'lost', { count: 1, at }]
  }
}
