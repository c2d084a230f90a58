import { randomUUID } from 'node:crypto'
import type { DurableEvent } from './methods.ts'
import type { Outbox, SequencedEvent } from './session.ts'

/** An outbox that forgets with the process: for tests and for agents that keep nothing. */
export function memoryOutbox(): Outbox & { renew(): void } {
  let incarnation = randomUUID()
  let events: SequencedEvent[] = []
  let lastSeq = 0
  let acknowledgedSeq = 0
  return {
    get incarnation() {
      return incarnation
    },
    get acknowledgedSeq() {
      return acknowledgedSeq
    },
    get lastSeq() {
      return lastSeq
    },
    append(event: DurableEvent, at: number): number {
      lastSeq++
      events.push({ incarnation, seq: lastSeq, at, event })
      return lastSeq
    },
    read(afterSeq, limit) {
      const from = events.findIndex((event) => event.seq > afterSeq)
      return from === -1 ? [] : events.slice(from, from + limit)
    },
    acknowledge(seq) {
      if (seq > lastSeq) throw new RangeError(`seq ${seq} was never given out`)
      if (seq <= acknowledgedSeq) return
      acknowledgedSeq = seq
      events = events.filter((event) => event.seq > seq)
    },
    renew() {
      incarnation = randomUUID()
      events = []
      lastSeq = 0
      acknowledgedSeq = 0
    },
  }
}
