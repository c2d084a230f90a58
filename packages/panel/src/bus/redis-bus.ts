import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import type { Bus, BusTopic } from './bus.ts'
import { MemoryBus } from './memory-bus.ts'

const CHANNEL = 'hatchery:bus'

interface Envelope {
  readonly from: string
  /** Rises by one with each message of its sender: a hole means that something was missed. */
  readonly position: number
  readonly topic: BusTopic
  readonly message: unknown
}

/** Opens the bus between instances. Messages reach this instance directly and the others through Redis. */
export async function openRedisBus(url: string, log: Logger): Promise<Bus> {
  const { Redis: Client } = await import('ioredis')
  const connect = () => new Client(url, { lazyConnect: true, maxRetriesPerRequest: null, enableReadyCheck: true })
  const [publisher, subscriber] = [connect(), connect()]
  for (const client of [publisher, subscriber]) {
    client.on('error', (error: Error) => log.warn({ err: error }, 'the connection to Redis failed; trying again'))
  }
  try {
    await Promise.all([publisher.connect(), subscriber.connect()])
    const bus = new RedisBus(publisher, subscriber, log)
    await subscriber.subscribe(CHANNEL)
    return bus
  } catch (error) {
    publisher.disconnect()
    subscriber.disconnect()
    throw error
  }
}

class RedisBus implements Bus {
  readonly #publisher: Redis
  readonly #subscriber: Redis
  readonly #local: MemoryBus
  readonly #log: Logger
  readonly #self = randomUUID()
  readonly #reconnected = new Set<() => void>()
  readonly #heard = new Map<string, number>()
  #position = 0
  #isClosed = false

  constructor(publisher: Redis, subscriber: Redis, log: Logger) {
    this.#publisher = publisher
    this.#subscriber = subscriber
    this.#local = new MemoryBus(log)
    this.#log = log
    subscriber.on('message', (_channel: string, text: string) => this.#receive(text))
    // The client subscribes again by itself; `ready` comes for every connection after the first.
    subscriber.on('ready', () => this.#missed())
  }

  publish(topic: BusTopic, message: unknown): void {
    this.#local.deliver(topic, message)
    if (this.#isClosed) return
    const envelope: Envelope = { from: this.#self, position: ++this.#position, topic, message }
    this.#publisher.publish(CHANNEL, JSON.stringify(envelope)).catch((error: unknown) => {
      if (!this.#isClosed) this.#log.warn({ err: error, topic }, 'a message to the other instances was lost')
    })
  }

  subscribe(topic: BusTopic, listener: (message: unknown) => void): () => void {
    return this.#local.subscribe(topic, listener)
  }

  onReconnect(listener: () => void): () => void {
    this.#reconnected.add(listener)
    return () => this.#reconnected.delete(listener)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#publisher.disconnect()
    this.#subscriber.disconnect()
    await this.#local.close()
  }

  #receive(text: string): void {
    const envelope = JSON.parse(text) as Envelope
    if (envelope.from === this.#self) return
    const last = this.#heard.get(envelope.from)
    this.#heard.set(envelope.from, envelope.position)
    if (last !== undefined && envelope.position !== last + 1) this.#missed()
    this.#local.deliver(envelope.topic, envelope.message)
  }

  #missed(): void {
    if (this.#isClosed) return
    for (const listener of this.#reconnected) listener()
  }
}
