import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { Server as TlsServer } from 'node:tls'
import type { AddressInfo } from 'node:net'
import { AppError } from '@hatchery/core/errors'
import type { Logger } from 'pino'
import { AGENT_VERSION } from '../host-facts.ts'
import { serveDownload } from './serve-download.ts'
import { DirectLive, type LiveOptions } from './serve-live.ts'
import { serveUpload } from './serve-upload.ts'
import { DirectDoor, type DirectDoorOptions } from './direct-door.ts'
import type { DirectOptions } from './direct-options.ts'

/** Nobody who is slower than this is a browser. */
const HEADERS_TIMEOUT_MS = 10_000
/** A request that sends and takes nothing for so long is over; one that goes on may take hours. */
const IDLE_TIMEOUT_MS = 60_000
const MAX_CONNECTIONS = 512
const ALONE_MS = 60_000
/** Certificates are renewed weeks before they end. */
const RENEWAL_MS = 60 * 60_000

export interface DirectServerOptions extends DirectDoorOptions {
  readonly direct: DirectOptions
  /** How long what is open goes on without the panel. @default 60 s */
  readonly aloneMs?: number
  readonly log: Logger
  readonly serverOf: LiveOptions['serverOf']
}

/**
 * Takes browsers that the panel has sent (RULES 16): files come and go without the panel in between. Each request carries a
 * token of the panel's that opens one thing once; without one there is nothing here but a sign of life.
 */
export class DirectServer implements AsyncDisposable {
  readonly #options: DirectServerOptions
  readonly #door: DirectDoor
  readonly #live: DirectLive
  readonly #stopListening: () => void
  #server: Server | undefined
  #alone: NodeJS.Timeout | undefined
  #renewal: NodeJS.Timeout | undefined

  constructor(options: DirectServerOptions) {
    this.#options = options
    const door = (this.#door = new DirectDoor(options))
    this.#live = new DirectLive({
      door,
      serverOf: options.serverOf,
      agentVersion: AGENT_VERSION,
      now: options.now,
      onFault: (server, error) => options.log.debug({ server, err: error }, 'a fault on a direct live channel'),
    })
    this.#stopListening = options.state.accessFloors.onRaise((...raised) => door.revoke(...raised))
  }

  /** @throws Error when the address is taken or a PEM file cannot be read */
  async start(): Promise<void> {
    const { direct, log } = this.#options
    const answer = (request: IncomingMessage, response: ServerResponse) => void this.#answer(request, response)
    const server = direct.tls ? createTlsServer(await readPair(direct.tls), answer) : createServer(answer)
    if (direct.tls) this.#renewal = setInterval(() => void this.renew(), RENEWAL_MS).unref()
    server.on('upgrade', (request, socket, head) => {
      const isLive = request.url?.startsWith('/direct/v1/live?') ?? false
      if (isLive) void this.#live.upgrade(request, socket, head)
      else socket.destroy()
    })
    server.headersTimeout = HEADERS_TIMEOUT_MS
    server.requestTimeout = 0
    server.setTimeout(IDLE_TIMEOUT_MS, (socket) => socket.destroy())
    server.maxConnections = MAX_CONNECTIONS
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(direct.port, direct.host, () => {
        server.off('error', reject)
        resolve()
      })
    })
    server.on('error', (error) => log.error({ err: error }, 'a fault of the direct address'))
    this.#server = server
    log.info({ url: direct.url, port: this.port }, 'browsers are served directly')
  }

  /** Takes a certificate that has been renewed in its place; what is open goes on under the old one. */
  async renew(): Promise<void> {
    const { direct, log } = this.#options
    if (!direct.tls || !(this.#server instanceof TlsServer)) return
    try {
      this.#server.setSecureContext(await readPair(direct.tls))
    } catch (error) {
      log.error({ err: error }, 'the certificate of the direct address cannot be read; the one before stays in use')
    }
  }

  get port(): number {
    return (this.#server?.address() as AddressInfo | null)?.port ?? this.#options.direct.port
  }

  /** What is open goes on for a while without the panel, and then ends (RULES 16). */
  onConnection(isConnected: boolean): void {
    clearTimeout(this.#alone)
    if (isConnected) return
    this.#alone = setTimeout(() => this.#door.closeAll(), this.#options.aloneMs ?? ALONE_MS).unref()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopListening()
    clearTimeout(this.#alone)
    clearInterval(this.#renewal)
    const server = this.#server
    if (!server) return
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    this.#live.close()
    server.closeAllConnections()
    await closed
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://node')
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
    try {
      const route = `${request.method} ${url.pathname.split('/', 4).join('/')}`
      if (route === 'GET /direct/v1/ping') return ping(response)
      if (route === 'OPTIONS /direct/v1/uploads') return this.#door.preflight(url, response)
      if (route === 'GET /direct/v1/files') return await serveDownload(this.#door, url, request, response)
      if (route === 'PATCH /direct/v1/uploads') return await serveUpload(this.#door, url, request, response)
      response.writeHead(404).end()
    } catch (error) {
      this.#refuse(error, request, response)
    }
  }

  #refuse(error: unknown, request: IncomingMessage, response: ServerResponse): void {
    const { log } = this.#options
    const isKnown = error instanceof AppError
    if (!isKnown && !request.destroyed) log.error({ err: error }, 'a direct request failed')
    if (response.headersSent) {
      // Fewer bytes than were promised tell the browser that the file is not whole.
      response.destroy()
      return
    }
    const { status, body } = isKnown
      ? { status: error.status, body: error.toBody() }
      : { status: 500, body: new AppError('INTERNAL').toBody() }
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', connection: 'close' })
    response.end(JSON.stringify({ error: body }))
  }
}

/** On every answer, as at the panel (RULES 23). */
const HEADERS = {
  'cache-control': 'private, no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "sandbox; default-src 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
} as const

/** Says that this way is open; any page may know. */
function ping(response: ServerResponse): void {
  response.writeHead(204, { 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' }).end()
}

async function readPair({ certificateFile, keyFile }: NonNullable<DirectOptions['tls']>): Promise<{
  readonly cert: Buffer
  readonly key: Buffer
}> {
  const [cert, key] = await Promise.all([readFile(certificateFile), readFile(keyFile)])
  return { cert, key }
}
