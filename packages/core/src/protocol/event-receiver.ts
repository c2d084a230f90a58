import type { Channel } from './channel.ts'
import type { DurableEvent } from './methods.ts'
import type { PanelSessionHandlers, SequencedEvent } from './session.ts'
import { CLOSE, violation, type WireEvent } from './wire.ts'

/** A sender that keeps to its window of 256 never has this many unacknowledged events. */
const MAX_UNSTORED = 1024

/** Hands durable events over in order, one call at a time, and acknowledges what was stored. */
export class EventReceiver {
  readonly #channel: Channel
  readonly #incarnation: string
  readonly #handlers: PanelSessionHandlers
  readonly #onFault: (error: unknown, where: string) => void
  #waiting: SequencedEvent[] = []
  #unstored = 0
  #lastSeq: number
  #isStoring = false

  constructor(
    channel: Channel,
    incarnation: string,
    storedSeq: number,
    handlers: PanelSessionHandlers,
    onFault: (error: unknown, where: string) => void,
  ) {
    this.#channel = channel
    this.#incarnation = incarnation
    this.#lastSeq = storedSeq
    this.#handlers = handlers
    this.#onFault = onFault
  }

  onEvents(incarnation: string, events: readonly WireEvent[]): void {
    if (incarnation !== this.#incarnation) throw violation('events come from another incarnation than the hello said')
    for (const [seq, at, name, data] of events) {
      if (seq <= this.#lastSeq) throw violation('events are out of order')
      this.#lastSeq = seq
      // Unknown names are handed over as they are: a newer agent's events are stored raw (RULES 9).
      this.#waiting.push({ incarnation, seq, at, event: { name, data } as DurableEvent })
    }
    this.#unstored += events.length
    if (this.#unstored > MAX_UNSTORED) throw violation('too many events without an acknowledgement')
    if (!this.#isStoring) void this.#store()
  }

  async #store(): Promise<void> {
    this.#isStoring = true
    while (this.#waiting.length > 0 && !this.#channel.isClosed) {
      const batch = this.#waiting
      this.#waiting = []
      const last = batch[batch.length - 1]
      try {
        await this.#handlers.onEvents(batch)
      } catch (error) {
        this.#onFault(error, 'onEvents')
        return this.#channel.close(CLOSE.failed, 'the events could not be stored')
      }
      this.#unstored -= batch.length
      if (last) this.#channel.send({ type: 'ack', incarnation: this.#incarnation, seq: last.seq })
    }
    this.#isStoring = false
  }
}
