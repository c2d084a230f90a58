import { Readable } from 'node:stream'
import { isBytes, type ContractSpec } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { authorize, type Subject } from '../access/authorize.ts'
import type { Principal } from '../access/principal.ts'
import type { Context, RequestContext } from '../context.ts'
import { watchAccess, type AccessWatch } from './access-watch.ts'
import { compileContract, type CompiledContract } from './compile-contract.ts'
import type { ClientAddresses } from './client-address.ts'
import { readCookie } from './cookies.ts'
import { answerOnce, type WireAnswer } from './idempotency.ts'
import type { Handler, Input } from './implement.ts'
import { checkOrigin } from './origins.ts'
import type { RequestGate } from './request-gate.ts'
import { Reply, SerializedBody } from './reply.ts'
import { TENANT_HEADERS } from './security-headers.ts'

const DEFAULT_BODY_LIMIT = 262_144
/** Answers that took longer are logged. */
const SLOW_MS = 1000
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/

export interface LayerParts {
  readonly addresses: ClientAddresses
  readonly gate: RequestGate
}

/** What every endpoint has in common: who asks, how often, with what, and how it is answered. */
export class ContractLayer {
  readonly #parts: LayerParts

  constructor(parts: LayerParts) {
    this.#parts = parts
  }

  register(fastify: FastifyInstance, ctx: Context, contract: ContractSpec, handler: Handler<ContractSpec>): void {
    const { gate } = this.#parts
    const rate = contract.rate ?? 'default'
    const isUnsafe = contract.method !== 'GET'
    const takesBytes = isBytes(contract.body)
    // Compiled by the first request, so that an idle panel holds no compiled schemas.
    let compiled: Promise<CompiledContract> | undefined

    fastify.route({
      method: contract.method,
      url: contract.path,
      bodyLimit: contract.bodyLimitBytes ?? DEFAULT_BODY_LIMIT,
      exposeHeadRoute: false,
      onRequest: async (request, reply) => {
        const principal = await gate.enter(request, reply, rate)
        if (request.url.includes('%00'))
          throw new AppError('BAD_REQUEST', { reason: 'the address holds a NUL character' })
        if (isUnsafe) this.#checkOrigin(ctx, request, principal)
        if (contract.permission !== 'public' && principal.kind === 'anonymous') throw new AppError('NOT_SIGNED_IN')
      },
      handler: async (request, reply) => {
        compiled ??= compileContract(contract)
        // What is left of a body that nobody wants is not waited for.
        if (takesBytes) void reply.header('connection', 'close')
        const result = await this.#answer(ctx, contract, await compiled, handler, request, reply)
        if ('bytes' in result) {
          void reply
            .code(result.status)
            .headers(result.headers)
            .send(Readable.from(result.bytes, { objectMode: false }))
          return reply
        }
        if (takesBytes) void reply.removeHeader('connection')
        else if (reply.elapsedTime > SLOW_MS) {
          const ms = Math.round(reply.elapsedTime)
          ctx.log.warn(
            { method: contract.method, path: contract.path, ms, status: result.status },
            'a request was slow',
          )
        }
        void reply.code(result.status).headers(result.headers).send(result.json)
        return reply
      },
    })
  }

  async #answer(
    ctx: Context,
    contract: ContractSpec,
    compiled: CompiledContract,
    handler: Handler<ContractSpec>,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<WireAnswer | WireBytes> {
    const { principal, requestId, ip } = this.#parts.gate.entry(request)
    const params = compiled.params(request.params) as Readonly<Record<string, unknown>> | undefined
    // Nobody learns from a body what they may not know from the path; only a permission that depends on it reads it first.
    const early = dependsOnBody(contract) ? compiled.body(request.body) : undefined
    const server = await authorize(ctx, principal, contract, { params, body: early })
    const body = early ?? compiled.body(request.body)
    const query = compiled.query(request.query)
    const ifMatch = readIfMatch(request.headers['if-match'])

    const own: RequestContext = {
      ...ctx,
      principal,
      requestId,
      ip,
      userAgent: request.headers['user-agent'] ?? '',
      isSecure: this.#parts.addresses.isSecure(request.raw),
      server,
      cookie: (name) => readCookie(request.raw, name),
      header(name) {
        const value = request.headers[name]
        return typeof value === 'string' ? value : undefined
      },
    }
    if (isBytes(contract.body) || compiled.isBytes(compiled.status)) {
      this.#endWithAccess(own, contract, { params, body: early }, request, reply)
    }
    const carryOut = async () => {
      const input = { params, query, body, ifMatch } as unknown as Input<ContractSpec>
      return toWire(await handler(own, input, signalOf(reply)), compiled)
    }
    // Bytes are not kept, so nobody could say whether a repetition has the same.
    const isRepeatable = contract.method === 'GET' || isBytes(contract.body)
    const key = isRepeatable ? undefined : request.headers['idempotency-key']
    if (key === undefined) return carryOut()
    if (typeof key !== 'string' || !IDEMPOTENCY_KEY.test(key)) {
      throw new AppError('BAD_REQUEST', { reason: 'the Idempotency-Key must be 1 to 255 visible characters' })
    }
    return answerOnce(own, { contract, key, path: request.url, body, ifMatch }, async () => {
      const result = await carryOut()
      if ('bytes' in result) throw new Error(`${contract.path} answers bytes and cannot be kept.`)
      return result
    })
  }

  /** Bytes may flow for hours: they stop when the access that they stand on ends. */
  #endWithAccess(
    ctx: RequestContext,
    contract: ContractSpec,
    subject: Subject,
    request: FastifyRequest,
    reply: FastifyReply,
  ): void {
    const { principal, server, revocations, log } = ctx
    const watch: AccessWatch = {
      principal,
      server: server?.uuid ?? null,
      recheck: async () => authorize(ctx, await ctx.identity.authenticate(request.raw), contract, subject),
      // Whoever sends or takes sees a broken connection; what was sent so far is nothing.
      onLost: () => request.raw.socket.destroy(),
    }
    const stop = watchAccess(revocations, watch, (error) =>
      log.error({ err: error }, 'access could not be checked again'),
    )
    reply.raw.once('close', stop)
  }

  #checkOrigin(ctx: Context, request: FastifyRequest, principal: Principal): void {
    // A key is sent by a program on purpose; a cookie is sent by the browser for whoever asks it to.
    if (principal.kind === 'api-key' || principal.kind === 'node') return
    checkOrigin(request.raw, ctx.config, this.#parts.addresses)
  }
}

function dependsOnBody({ permission }: ContractSpec): boolean {
  return typeof permission === 'object' && 'by' in permission && permission.by.startsWith('body.')
}

/** An answer whose body is sent as it comes. */
interface WireBytes extends Pick<WireAnswer, 'status' | 'headers'> {
  readonly bytes: AsyncIterable<Uint8Array>
}

function toWire(answered: unknown, compiled: CompiledContract): WireAnswer | WireBytes {
  const { status, body, headers } =
    answered instanceof Reply ? answered : { status: compiled.status, body: answered, headers: {} }
  if (compiled.isBytes(status)) {
    return { status, bytes: body as AsyncIterable<Uint8Array>, headers: { ...TENANT_HEADERS, ...headers } }
  }
  if (body instanceof SerializedBody) return { status, json: body.json, headers }
  const json = compiled.serialize(status, body)
  const revision = typeof body === 'object' && body !== null && 'revision' in body ? body.revision : undefined
  return { status, json, headers: typeof revision === 'number' ? { ...headers, etag: `"${revision}"` } : headers }
}

function readIfMatch(header: string | undefined): number | null {
  if (header === undefined || header === '*') return null
  const match = /^(?:W\/)?"?(\d{1,15})"?$/.exec(header.trim())
  if (!match) throw new AppError('BAD_REQUEST', { reason: 'If-Match must be a revision in quotes, or *' })
  return Number(match[1])
}

/** Fires when the caller has gone before the answer was written. */
function signalOf(reply: FastifyReply): AbortSignal {
  const controller = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort()
  })
  return controller.signal
}
