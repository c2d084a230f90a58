import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { RateClass } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Identity } from '../access/identity.ts'
import type { Principal } from '../access/principal.ts'
import { subscriberOf, type ClientAddresses } from './client-address.ts'
import { RATE_WINDOW_MS, type LimitedClass, type RateLimiter } from './rate-limiter.ts'
import { API_HEADERS } from './security-headers.ts'

/** What is known about a request before its route runs. */
export interface Entry {
  readonly requestId: string
  readonly ip: string
  readonly principal: Principal
}

export interface GateParts {
  readonly identity: Identity
  readonly addresses: ClientAddresses
  readonly limiter: RateLimiter
  /** Calls per minute by class; null when nothing is limited. */
  readonly limits: Readonly<Record<LimitedClass, number>> | null
  /** The account that a browser has signed in to before: it is not held up by others at its address. */
  readonly deviceOf: (request: IncomingMessage) => string | null
}

const REQUEST_ID = /^[\w.:-]{1,64}$/

/** The first thing that each request passes: id, headers, who it is, how often they came. */
export class RequestGate {
  readonly #parts: GateParts
  readonly #entries = new WeakMap<FastifyRequest, Entry>()

  constructor(parts: GateParts) {
    this.#parts = parts
  }

  async enter(request: FastifyRequest, reply: FastifyReply, rate: RateClass): Promise<Principal> {
    const { addresses, identity } = this.#parts
    const given = request.headers['x-request-id']
    const requestId = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID()
    const ip = addresses.ipOf(request.raw)
    void reply.headers(API_HEADERS).header('x-request-id', requestId)
    this.#entries.set(request, { requestId, ip, principal: { kind: 'anonymous' } })

    const principal = await this.#identify(request, reply, identity, ip)
    this.#entries.set(request, { requestId, ip, principal })
    await this.#limit(reply, rate, principalKey(principal) ?? this.#strangerKey(request, ip))
    // Guessing at passwords and tokens is counted by address as well, whoever is signed in.
    if (rate === 'auth' && principal.kind !== 'anonymous') await this.#limit(reply, rate, `ip:${subscriberOf(ip)}`)
    return principal
  }

  /** Of a request that has entered; anything else gets an id and nothing more. */
  entry(request: FastifyRequest): Entry {
    return this.#entries.get(request) ?? { requestId: randomUUID(), ip: '', principal: { kind: 'anonymous' } }
  }

  #strangerKey(request: FastifyRequest, ip: string): string {
    const device = this.#parts.deviceOf(request.raw)
    return device === null ? `ip:${subscriberOf(ip)}` : `device:${device}`
  }

  async #identify(request: FastifyRequest, reply: FastifyReply, identity: Identity, ip: string): Promise<Principal> {
    try {
      return await identity.authenticate(request.raw)
    } catch (error) {
      await this.#limit(reply, 'auth', `ip:${subscriberOf(ip)}`)
      throw error
    }
  }

  async #limit(reply: FastifyReply, rate: RateClass, key: string): Promise<void> {
    const { limits, limiter } = this.#parts
    if (limits === null || rate === 'unlimited') return
    const pending = limiter.hit(`${rate}:${key}`, limits[rate], RATE_WINDOW_MS)
    const verdict = pending instanceof Promise ? await pending : pending
    const resetSeconds = Math.ceil(verdict.resetMs / 1000)
    void reply.headers({
      'ratelimit-limit': verdict.limit,
      'ratelimit-remaining': verdict.remaining,
      'ratelimit-reset': resetSeconds,
    })
    if (verdict.isOver) throw new AppError('RATE_LIMITED', { retryAfterSeconds: resetSeconds })
  }
}

function principalKey(principal: Principal): string | null {
  switch (principal.kind) {
    case 'session':
    case 'host':
      return `user:${principal.userId}`
    case 'api-key':
      return `key:${principal.keyId}`
    case 'node':
      return `node:${principal.nodeId}`
    case 'anonymous':
      return null
    default:
      return principal satisfies never
  }
}
