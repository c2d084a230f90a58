import { request as send, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { isIP, type Socket } from 'node:net'
import { AppError } from '@hatchery/core/errors'
import { createAddressPolicy, type AddressPolicy } from './address-policy.ts'
import { dial, lookupAll, type Dialer, type Lookup } from '@hatchery/core/outbound/dial'
import { hostOf, readOutboundUrl, shownUrl } from '@hatchery/core/outbound'
import { readBody } from './read-body.ts'

export interface OutboundOptions {
  /** Addresses and CIDR blocks that may be reached although they are not public; empty by default. */
  readonly allow?: readonly string[]
  /** Certificates to trust beside those of the system, PEM. */
  readonly ca?: string
  /** @default the system's */
  readonly lookup?: Lookup
  /** @default public addresses and those of `allow` */
  readonly policy?: AddressPolicy
}

export interface OutboundRequest {
  /** @default GET */
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** Sent over https only, and never to another origin than that of the first address. */
  readonly credentials?: { readonly username: string; readonly password: string } | null
  /** The most that is taken, also after decompression. */
  readonly maxBytes: number
  /** For everything together, redirects included. @default 20 s */
  readonly timeoutMs?: number
  /** The longest silence. @default 10 s */
  readonly idleMs?: number
  /** Redirects of a GET that are followed; a POST follows none. @default 5 */
  readonly maxRedirects?: number
  readonly signal?: AbortSignal
}

export interface OutboundAnswer {
  /** Any status but a redirect that was followed. */
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Decompressed. */
  readonly body: Buffer
  /** Where the answer came from, after redirects. */
  readonly url: URL
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/**
 * The one way to addresses that a person wrote. Reaches public addresses only, unless the host allows others; judges the
 * address of each connection, not the name, at each hop; ends in bounded time with a bounded answer.
 */
export class OutboundClient {
  readonly #dialer: Dialer

  constructor({ allow = [], lookup = lookupAll, policy = createAddressPolicy(allow), ca }: OutboundOptions = {}) {
    const refuse = (host: string, reason: string) => new AppError('OUTBOUND_REFUSED', { host, reason })
    this.#dialer = { policy, lookup, refuse, ...(ca !== undefined && { ca }) }
  }

  /**
   * Judges an address as far as that can be done without a connection, for forms. What passes may still be refused later.
   * @throws AppError `OUTBOUND_URL_INVALID`, `OUTBOUND_REFUSED`
   */
  check(address: string): URL {
    const url = readOutboundUrl(address)
    const host = hostOf(url)
    const reason = isIP(host) === 0 ? null : this.#dialer.policy.refusalOf(host)
    if (reason !== null) throw new AppError('OUTBOUND_REFUSED', { host, reason })
    return url
  }

  /**
   * @throws AppError `OUTBOUND_URL_INVALID`, `OUTBOUND_REFUSED`, `OUTBOUND_FAILED` or `OUTBOUND_TOO_LARGE`; the reason of
   *   `signal` when that fires
   */
  async request(address: string, request: OutboundRequest): Promise<OutboundAnswer> {
    const { maxRedirects = 5, timeoutMs = 20_000 } = request
    const deadline = AbortSignal.timeout(timeoutMs)
    const signal = request.signal ? AbortSignal.any([request.signal, deadline]) : deadline
    const first = readOutboundUrl(address)
    let url = first
    try {
      for (let hops = 0; ; hops++) {
        const isFirstOrigin = url.origin === first.origin
        const answer = await this.#ask(url, isFirstOrigin ? request : withoutSecrets(request), signal)
        const location = redirectOf(answer)
        if (location === null) return answer
        if (request.method === 'POST') throw new AppError('OUTBOUND_FAILED', failed(url, 'it leads to another address'))
        if (hops >= maxRedirects) throw new AppError('OUTBOUND_FAILED', failed(url, 'it leads on too many times'))
        url = follow(url, location)
      }
    } catch (error) {
      if (error instanceof AppError) throw error
      if (request.signal?.aborted === true) throw request.signal.reason
      const reason = deadline.aborted ? `it took longer than ${timeoutMs / 1000} s` : reasonOf(error)
      throw new AppError('OUTBOUND_FAILED', failed(url, reason), { cause: error })
    }
  }

  async #ask(url: URL, request: OutboundRequest, signal: AbortSignal): Promise<OutboundAnswer> {
    const socket = await dial(this.#dialer, url, signal)
    try {
      const response = await exchange(socket, url, request, signal)
      const status = response.statusCode ?? 0
      const isRedirect = REDIRECTS.has(status) && response.headers.location !== undefined
      const body = isRedirect ? Buffer.alloc(0) : await readBody(response, { url, maxBytes: request.maxBytes, signal })
      return { status, headers: response.headers, body, url }
    } finally {
      socket.destroy()
    }
  }
}

function exchange(socket: Socket, url: URL, request: OutboundRequest, signal: AbortSignal): Promise<IncomingMessage> {
  const { method = 'GET', body, credentials, idleMs = 10_000 } = request
  const authorization =
    credentials && url.protocol === 'https:'
      ? `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`
      : null
  socket.setTimeout(idleMs, () => socket.destroy(new Error(`nothing came for ${idleMs / 1000} s`)))
  return new Promise((resolve, reject) => {
    const outgoing = send({
      createConnection: () => socket,
      method,
      path: `${url.pathname}${url.search}`,
      setHost: false,
      headers: {
        'user-agent': 'Hatchery',
        accept: '*/*',
        'accept-encoding': 'gzip',
        ...request.headers,
        host: url.host,
        connection: 'close',
        ...(body && { 'content-length': body.length }),
        ...(authorization !== null && { authorization }),
      },
      signal,
    })
    outgoing.once('response', resolve)
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

/** Headers that a caller adds may hold secrets as well. */
function withoutSecrets({ credentials: _credentials, headers: _headers, ...rest }: OutboundRequest): OutboundRequest {
  return rest
}

function redirectOf({ status, headers }: OutboundAnswer): string | null {
  return REDIRECTS.has(status) ? (headers.location ?? null) : null
}

function follow(from: URL, header: string): URL {
  // Headers are read as bytes; what is not ASCII in an address is UTF-8.
  const location = Buffer.from(header, 'latin1').toString('utf8')
  if (!URL.canParse(location, from.href)) {
    throw new AppError('OUTBOUND_FAILED', failed(from, 'it leads to something that is no address'))
  }
  const to = readOutboundUrl(new URL(location, from).href)
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    throw new AppError('OUTBOUND_FAILED', failed(from, 'it leads from https to http'))
  }
  return to
}

const failed = (url: URL, reason: string) => ({ url: shownUrl(url), reason })

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  switch ('code' in error ? error.code : undefined) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'its host is not known'
    case 'ECONNREFUSED':
      return 'nothing answers there'
    case 'ECONNRESET':
    case 'EPIPE':
      return 'the connection was closed before the end'
    default:
      return error.message
  }
}
