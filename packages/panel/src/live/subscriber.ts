import type { Principal } from '../access/principal.ts'

/** One subscription of one connection, as the feeds see it. */
export interface Subscriber {
  /** The topic's name as the client wrote it. */
  readonly topic: string
  /** Who asks, as of now. */
  readonly principal: Principal
  /** Bytes that wait to leave. */
  readonly bufferedAmount: number
  send(message: Buffer): void
}

/** A message of a topic, encoded once for all who get it. */
export function encodeEvent(topic: string, event: unknown, cursor?: string): Buffer {
  return Buffer.from(JSON.stringify({ type: 'event', topic, ...(cursor !== undefined && { cursor }), event }))
}

export function encodeResync(topic: string): Buffer {
  return Buffer.from(JSON.stringify({ type: 'resync', topic }))
}

/** Encodes for each name of a topic that is in use: a server can be asked for by its short id as well. */
export class Encodings {
  readonly #event: unknown
  readonly #cursor: string | undefined
  readonly #byTopic = new Map<string, Buffer>()

  constructor(event: unknown, cursor?: string) {
    this.#event = event
    this.#cursor = cursor
  }

  of(topic: string): Buffer {
    let encoded = this.#byTopic.get(topic)
    if (!encoded) this.#byTopic.set(topic, (encoded = encodeEvent(topic, this.#event, this.#cursor)))
    return encoded
  }
}
