import { request as send, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { isIP, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { AppError } from '@hatchery/core/errors'
import {
  createAddressPolicy,
  createHostPolicy,
  hostOf,
  readOutboundUrl,
  shownUrl,
  type AddressPolicy,
  type HostPolicy,
} from '@hatchery/core/outbound'
import { dial, lookupAll, type Dialer, type Lookup } from '@hatchery/core/outbound/dial'

export interface WebOptions {
  /** Addresses and CIDR blocks that may be reached although they are not public. @default none */
  readonly allow?: readonly string[]
  /** Addresses, CIDR blocks and names (`example.com`, `*.example.com`) that may not be reached. @default none */
  readonly deny?: readonly string[]
  /** Names that may be reached and no others. @default every name */
  readonly hosts?: readonly string[]
  /** Certificates to trust beside those of the system, PEM. */
  readonly ca?: string
  /** @default the system's */
  readonly lookup?: Lookup
  /** The longest silence. @default 30 s */
  readonly idleMs?: number
}

export interface WebRequest {
  readonly headers: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

export interface WebAnswer {
  /** 200 or 206. */
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** As it comes over the wire: nothing is decompressed. */
  readonly body: IncomingMessage
  /** Where it comes from, after redirects. */
  readonly url: URL
  close(): void
}

/** The agent's way to addresses that a person wrote. */
export interface WebClient {
  /**
   * Judges an address as far as that can be done without a connection. What passes may still be refused later.
   * @throws AppError `OUTBOUND_URL_INVALID`, `PULL_REFUSED`
   */
  check(address: string): URL
  /**
   * Asks for an address and where it leads to, up to the beginning of the body.
   * @throws AppError `OUTBOUND_URL_INVALID`, `PULL_REFUSED`, `PULL_FAILED`; the reason of the signal when that fires
   */
  get(address: string, request: WebRequest): Promise<WebAnswer>
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
const MAX_REDIRECTS = 5

/**
 * A client that reaches public addresses only, unless whoever operates the node allows others. The address of each connection
 * is judged, not the name, at each hop (RULES, S-57).
 * @throws Error for options that are no addresses or names
 */
export function createWebClient(options: WebOptions = {}): WebClient {
  const { allow = [], deny = [], hosts = [], lookup = lookupAll, ca, idleMs = 30_000 } = options
  const isAddress = (entry: string) => isIP(entry.split('/')[0] ?? '') !== 0
  const policy = createAddressPolicy({
    allow,
    deny: deny.filter(isAddress),
    ownAddresses: addressesOfThisMachine,
    machine: 'the machine of the node',
  })
  const names = createHostPolicy({ allow: hosts, deny: deny.filter((entry) => !isAddress(entry)) })
  const dialer: Dialer = { policy, lookup, refuse, ...(ca !== undefined && { ca }) }
  return new Client(dialer, names, policy, idleMs)
}

class Client implements WebClient {
  readonly #dialer: Dialer
  readonly #names: HostPolicy
  readonly #policy: AddressPolicy
  readonly #idleMs: number

  constructor(dialer: Dialer, names: HostPolicy, policy: AddressPolicy, idleMs: number) {
    this.#dialer = dialer
    this.#names = names
    this.#policy = policy
    this.#idleMs = idleMs
  }

  check(address: string): URL {
    const url = readOutboundUrl(address)
    const host = hostOf(url)
    const reason = this.#names.refusalOf(host) ?? (isIP(host) === 0 ? null : this.#policy.refusalOf(host))
    if (reason !== null) throw refuse(host, reason)
    return url
  }

  async get(address: string, { headers, signal }: WebRequest): Promise<WebAnswer> {
    let url = this.check(address)
    try {
      for (let hops = 0; ; hops++) {
        const answer = await this.#ask(url, headers, signal)
        const { location } = answer.headers
        if (!REDIRECTS.has(answer.status) || location === undefined) return requireContent(answer)
        answer.close()
        if (hops >= MAX_REDIRECTS) throw failed(url, 'it leads on too many times')
        url = this.#follow(url, location)
      }
    } catch (error) {
      if (error instanceof AppError) throw error
      signal.throwIfAborted()
      throw failed(url, reasonOf(error), error)
    }
  }

  async #ask(url: URL, headers: WebRequest['headers'], signal: AbortSignal): Promise<WebAnswer> {
    const socket = await dial(this.#dialer, url, signal)
    socket.setTimeout(this.#idleMs, () =>
      socket.destroy(new Error(`nothing came for ${Math.round(this.#idleMs / 1000)} s`)),
    )
    try {
      const body = await exchange(socket, url, headers, signal)
      return { status: body.statusCode ?? 0, headers: body.headers, body, url, close: () => socket.destroy() }
    } catch (error) {
      socket.destroy()
      throw error
    }
  }

  #follow(from: URL, header: string): URL {
    // Headers are read as bytes; what is not ASCII in an address is UTF-8.
    const location = Buffer.from(header, 'latin1').toString('utf8')
    if (!URL.canParse(location, from.href)) throw failed(from, 'it leads to something that is no address')
    const to = this.check(new URL(location, from).href)
    if (from.protocol === 'https:' && to.protocol === 'http:') throw failed(from, 'it leads from https to http')
    return to
  }
}

function exchange(
  socket: Socket,
  url: URL,
  headers: WebRequest['headers'],
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = send({
      createConnection: () => socket,
      path: `${url.pathname}${url.search}`,
      setHost: false,
      headers: {
        'user-agent': 'Hatchery',
        accept: '*/*',
        'accept-encoding': 'identity',
        ...headers,
        host: url.host,
        connection: 'close',
      },
      signal,
    })
    outgoing.once('response', resolve)
    outgoing.on('error', reject)
    outgoing.end()
  })
}

function requireContent(answer: WebAnswer): WebAnswer {
  if (answer.status === 200 || answer.status === 206) return answer
  answer.close()
  throw failed(answer.url, `it answers with status ${answer.status}`)
}

function refuse(host: string, reason: string): AppError {
  return new AppError('PULL_REFUSED', { host, reason })
}

export function failed(url: URL, reason: string, cause?: unknown): AppError {
  return new AppError('PULL_FAILED', { url: shownUrl(url), reason }, { cause })
}

export function reasonOf(error: unknown): string {
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

function addressesOfThisMachine(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address))
}
