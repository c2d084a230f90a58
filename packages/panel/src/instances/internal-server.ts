import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { AppError } from '@hatchery/core/errors'
import type { Logger } from 'pino'
import { EventOutlet } from './event-outlet.ts'
import { frame, MAX_FRAME_BYTES, type InstanceFrame } from './frames.ts'
import { SealedExchange } from './sealed-exchange.ts'

/** A request is good this long before and after its own time; the clocks of all instances agree that far. */
const WINDOW_MS = 60_000
const ALIVE_MS = 5_000

export interface InternalHandlers {
  /** Answers a request; what it throws as AppError is thrown by the caller's end as well. */
  answer(path: string, body: unknown, signal: AbortSignal): Promise<unknown>
  /** Another instance listens. @returns called when it does no more */
  onStream(outlet: EventOutlet): () => void
  /** A data socket of an agent that another instance hands on; it has proved nothing yet. @returns false if it is none */
  onData?(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
}

export interface InternalServerParts {
  readonly instance: string
  readonly secret: Uint8Array
  readonly log: Logger
  readonly now: () => number
}

/** Where other instances of the panel reach this one. Without their common secret it answers nothing but 403. */
export class InternalServer {
  readonly #parts: InternalServerParts
  readonly #server: Server
  /** Nonces of the last minutes, in the order of their time. An older request is refused by its time, a successor by name. */
  readonly #nonces = new Map<string, number>()
  readonly #upgraded = new Set<Duplex>()
  #handlers: InternalHandlers | null = null
  #address = ''

  private constructor(parts: InternalServerParts) {
    this.#parts = parts
    this.#server = createServer({ keepAliveTimeout: 60_000, requestTimeout: 30_000 }, (request, response) => {
      this.#take(request, response).catch((error: unknown) => {
        parts.log.error({ err: error }, 'a request of another instance failed')
        response.destroy()
      })
    })
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#upgraded.add(socket)
    socket.once('close', () => this.#upgraded.delete(socket))
    socket.on('error', () => socket.destroy())
    if (!this.#handlers?.onData?.(request, socket, head)) socket.destroy()
  }

  /**
   * Listens where the url says, or on a free port of the loopback address.
   * @throws Error when the address is none of this machine, or taken
   */
  static async open(parts: InternalServerParts, url: string | null): Promise<InternalServer> {
    const own = new InternalServer(parts)
    const wanted = url === null ? null : new URL(url)
    if (wanted && wanted.protocol !== 'http:') throw new Error(`The internal url ${url} must begin with http://.`)
    const host = wanted?.hostname.replace(/^\[|\]$/g, '') ?? '127.0.0.1'
    const port = Number(wanted?.port || (wanted ? 80 : 0))
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    own.#server.once('error', (error) => {
      reject(new Error(`The internal link cannot listen on ${url ?? host}: ${error.message}`, { cause: error }))
    })
    own.#server.listen(port, host, resolve)
    await promise
    const listening = own.#server.address() as AddressInfo
    own.#address = `http://${wanted?.hostname ?? '127.0.0.1'}:${listening.port}`
    return own
  }

  /** Where others reach it, such as `http://10.0.0.5:8090`. */
  get address(): string {
    return this.#address
  }

  serve(handlers: InternalHandlers): void {
    this.#handlers = handlers
  }

  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#server.close(() => resolve())
    this.#server.closeAllConnections()
    for (const socket of this.#upgraded) socket.destroy()
    await promise
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? ''
    const opened = await this.#open(request, path)
    const handlers = this.#handlers
    if (!opened || !handlers) {
      this.#parts.log.warn({ path, ip: request.socket.remoteAddress }, 'a request on the internal link was refused')
      response.writeHead(403, { connection: 'close' }).end()
      return
    }
    const { exchange, body } = opened
    if (path === '/stream') return stream(handlers, exchange, response)

    const gone = new AbortController()
    response.once('close', () => gone.abort(new Error('the other instance waits no more')))
    response.writeHead(200, { 'content-type': 'application/octet-stream' })
    response.end(exchange.sealAnswer(await this.#answer(handlers, path, body, gone.signal)))
  }

  async #answer(handlers: InternalHandlers, path: string, body: unknown, signal: AbortSignal): Promise<unknown> {
    try {
      return { result: await handlers.answer(path, body, signal) }
    } catch (error) {
      if (!(error instanceof AppError)) this.#parts.log.error({ err: error, path }, 'a call of another instance failed')
      return { error: (error instanceof AppError ? error : new AppError('INTERNAL')).toBody() }
    }
  }

  /** @returns null for what no instance of this panel has made for this process, now */
  async #open(request: IncomingMessage, path: string): Promise<{ exchange: SealedExchange; body: unknown } | null> {
    const { instance, secret, now } = this.#parts
    const time = headerOf(request, 'x-hatchery-time')
    const nonce = headerOf(request, 'x-hatchery-nonce')
    if (request.method !== 'POST' || !/^\d{1,15}$/.test(time) || !/^[\w-]{22}$/.test(nonce)) return null
    if (headerOf(request, 'x-hatchery-instance') !== instance) return null
    if (Math.abs(now() - Number(time)) > WINDOW_MS) return null
    const sealed = await readBody(request)
    if (!sealed) return null
    const exchange = new SealedExchange(secret, { target: instance, path, time, nonce })
    try {
      const body = exchange.openRequest(sealed)
      // Only a proven nonce is kept, so that strangers cannot fill the memory.
      return this.#isNew(nonce) ? { exchange, body } : null
    } catch {
      // Not sealed with our secret: a stranger, who learns nothing more.
      return null
    }
  }

  #isNew(nonce: string): boolean {
    const now = this.#parts.now()
    for (const [old, until] of this.#nonces) {
      if (until > now) break
      this.#nonces.delete(old)
    }
    if (this.#nonces.has(nonce)) return false
    this.#nonces.set(nonce, now + 2 * WINDOW_MS)
    return true
  }
}

function stream(handlers: InternalHandlers, exchange: SealedExchange, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/octet-stream' })
  const write = (message: InstanceFrame) => void response.write(frame(exchange.sealAnswer(message)))
  const outlet = new EventOutlet(randomUUID(), write, () => response.writableLength)
  write({ type: 'opened', stream: outlet.id })
  const end = handlers.onStream(outlet)
  const timer = setInterval(() => {
    if (response.writableLength === 0) write({ type: 'alive' })
  }, ALIVE_MS)
  response.once('close', () => {
    clearInterval(timer)
    end()
  })
}

async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > MAX_FRAME_BYTES) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function headerOf(request: IncomingMessage, name: string): string {
  const value = request.headers[name]
  return typeof value === 'string' ? value : ''
}
