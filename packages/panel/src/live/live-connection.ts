import type { IncomingMessage } from 'node:http'
import { LiveRequest, type LiveMessage } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import { matches } from '@hatchery/core/protocol'
import type { WebSocket } from 'ws'
import type { Principal } from '../access/principal.ts'
import type { Revocation } from '../access/revocations.ts'
import type { Context } from '../context.ts'
import type { Subscriber } from './subscriber.ts'
import { authorizeTopic, joinTopic, parseTopic, type Feeds, type Topic } from './topics.ts'

const MAX_SUBSCRIPTIONS = 100
/** A client that takes nothing is cut off here; it comes back with its cursors. */
const MAX_BUFFERED_BYTES = 16 * 1024 * 1024
const MAX_PENDING = 256
const COMMANDS_PER_SECOND = 20
const COMMAND_BURST = 40

interface Subscription {
  readonly topic: Topic
  /** Uuid of the server it is about. */
  readonly server: string | null
  readonly leave: () => void
}

export interface LiveConnectionParts {
  readonly ctx: Context
  readonly feeds: Feeds
  readonly socket: WebSocket
  readonly request: IncomingMessage
  readonly principal: Principal
  /** Carries out a command of the console as this principal. */
  readonly command: (principal: Principal, server: string, command: string) => Promise<unknown>
}

/** One browser tab or program: its sign-in, its subscriptions, its requests in order. */
export class LiveConnection {
  readonly #parts: LiveConnectionParts
  readonly #subscriptions = new Map<string, Subscription>()
  /** Requests about the same thing follow each other; different things do not wait for each other. */
  readonly #queues = new Map<string, Promise<void>>()
  #principal: Principal
  #pending = 0
  /** Rises with each revocation: a subscription that began before one is checked again when it stands. */
  #checks = 0
  #tokens = COMMAND_BURST
  #refilledAt: number
  #isClosed = false

  constructor(parts: LiveConnectionParts) {
    this.#parts = parts
    this.#principal = parts.principal
    this.#refilledAt = performance.now()
    const { socket } = parts
    socket.on('message', (data, isBinary) => this.#onMessage(String(data), isBinary))
    socket.on('close', () => this.#onClose())
    socket.on('error', () => {
      // `close` follows and ends everything.
    })
    this.#send({ type: 'hello', at: parts.ctx.now(), version: '1' })
  }

  get principal(): Principal {
    return this.#principal
  }

  /**
   * Looks again whether what is open may stay so. Called for each revocation that may concern this connection, and from time to
   * time, because a session can also run out.
   */
  async recheck(revocation: Revocation | null): Promise<void> {
    this.#checks++
    if (this.#isClosed || (revocation && !this.#isConcerned(revocation))) return
    if (!(await this.#authenticateAgain())) return
    for (const [name, subscription] of this.#subscriptions) {
      if (revocation?.kind === 'server' && subscription.server !== revocation.subject) continue
      await this.#recheckSubscription(name, subscription)
    }
  }

  close(code: number, reason: string): void {
    this.#parts.socket.close(code, reason)
  }

  #isConcerned({ kind, subject }: Revocation): boolean {
    const principal = this.#principal
    switch (kind) {
      case 'user':
        return 'userUuid' in principal && principal.userUuid === subject
      case 'session':
        return principal.kind === 'session'
      case 'api-key':
        return principal.kind === 'api-key'
      case 'server':
        return [...this.#subscriptions.values()].some(({ server }) => server === subject)
      case 'node':
        return false
      default:
        return kind satisfies never
    }
  }

  async #authenticateAgain(): Promise<boolean> {
    try {
      const principal = await this.#parts.ctx.identity.authenticate(this.#parts.request)
      if (principal.kind !== 'anonymous') {
        this.#principal = principal
        return true
      }
    } catch (error) {
      if (!(error instanceof AppError)) throw error
    }
    for (const { topic } of this.#subscriptions.values()) {
      this.#send({ type: 'revoked', topic: topic.name, code: 'NOT_SIGNED_IN' })
    }
    this.close(4401, 'the sign-in has ended')
    return false
  }

  async #recheckSubscription(name: string, subscription: Subscription): Promise<void> {
    try {
      await authorizeTopic(this.#parts.ctx, this.#principal, subscription.topic)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      if (this.#subscriptions.get(name) !== subscription) return
      this.#subscriptions.delete(name)
      subscription.leave()
      this.#send({ type: 'revoked', topic: name, code: error.code })
    }
  }

  #onMessage(text: string, isBinary: boolean): void {
    const request = isBinary ? null : parseRequest(text)
    if (!request) {
      const error = new AppError('BAD_REQUEST', { reason: 'the message is not one of the live channel' })
      this.#send({ type: 'error', id: null, error: error.toBody() as never })
      return
    }
    if (request.type === 'ping') return this.#send({ type: 'ok', id: request.id })
    if (this.#pending >= MAX_PENDING) return this.close(1008, 'too many requests at once')
    this.#pending++
    const key = request.type === 'command' ? `command:${request.server}` : request.topic
    const before = this.#queues.get(key) ?? Promise.resolve()
    const run = before.then(() => this.#answer(request))
    this.#queues.set(key, run)
    void run.finally(() => {
      this.#pending--
      if (this.#queues.get(key) === run) this.#queues.delete(key)
    })
  }

  async #answer(request: Exclude<LiveRequest, { type: 'ping' }>): Promise<void> {
    if (this.#isClosed) return
    try {
      if (request.type === 'subscribe') await this.#subscribe(request)
      else if (request.type === 'unsubscribe') this.#unsubscribe(request)
      else await this.#command(request)
    } catch (thrown) {
      if (!(thrown instanceof AppError)) this.#parts.ctx.log.error({ err: thrown }, 'a live request failed')
      const error = thrown instanceof AppError ? thrown : new AppError('INTERNAL')
      this.#send({ type: 'error', id: request.id, error: error.toBody() as never })
    }
  }

  async #subscribe({ id, topic: name, cursor }: Extract<LiveRequest, { type: 'subscribe' }>): Promise<void> {
    const { ctx, feeds } = this.#parts
    const topic = parseTopic(name)
    if (!this.#subscriptions.has(name) && this.#subscriptions.size >= MAX_SUBSCRIPTIONS) {
      throw new AppError('RATE_LIMITED', { retryAfterSeconds: 60 })
    }
    const checks = this.#checks
    const server = await authorizeTopic(ctx, this.#principal, topic)
    this.#subscriptions.get(name)?.leave()
    this.#subscriptions.delete(name)
    // Messages of the topic come after this word.
    this.#send({ type: 'ok', id })
    const leave = await joinTopic(ctx, feeds, topic, server, this.#subscriber(name), cursor ?? null)
    if (this.#isClosed) return leave()
    const subscription = { topic, server: server?.uuid ?? null, leave }
    this.#subscriptions.set(name, subscription)
    if (checks !== this.#checks) await this.#recheckSubscription(name, subscription)
  }

  #unsubscribe({ id, topic }: Extract<LiveRequest, { type: 'unsubscribe' }>): void {
    this.#subscriptions.get(topic)?.leave()
    this.#subscriptions.delete(topic)
    this.#send({ type: 'ok', id })
  }

  async #command({ id, server, command }: Extract<LiveRequest, { type: 'command' }>): Promise<void> {
    const now = performance.now()
    this.#tokens = Math.min(COMMAND_BURST, this.#tokens + ((now - this.#refilledAt) / 1000) * COMMANDS_PER_SECOND)
    this.#refilledAt = now
    if (this.#tokens < 1) throw new AppError('RATE_LIMITED', { retryAfterSeconds: 1 })
    this.#tokens--
    const result = await this.#parts.command(this.#principal, server, command)
    this.#send({ type: 'ok', id, result })
  }

  #subscriber(topic: string): Subscriber {
    const principalNow = () => this.#principal
    const { socket } = this.#parts
    return {
      topic,
      get principal() {
        return principalNow()
      },
      get bufferedAmount() {
        return socket.bufferedAmount
      },
      send: (message) => this.#write(message),
    }
  }

  #send(message: LiveMessage): void {
    this.#write(Buffer.from(JSON.stringify(message)))
  }

  #write(message: Buffer): void {
    const { socket } = this.#parts
    if (socket.readyState !== socket.OPEN) return
    if (socket.bufferedAmount > MAX_BUFFERED_BYTES) return socket.terminate()
    socket.send(message, { binary: false })
  }

  #onClose(): void {
    this.#isClosed = true
    for (const { leave } of this.#subscriptions.values()) leave()
    this.#subscriptions.clear()
  }
}

function parseRequest(text: string): LiveRequest | null {
  try {
    const value: unknown = JSON.parse(text)
    return matches(LiveRequest, value) ? (value as LiveRequest) : null
  } catch {
    // Not JSON; the caller answers for every message that is none of ours.
    return null
  }
}
