import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { LiveRequest, type LiveMessage } from '@hatchery/core/api'
import { AppError, type ErrorBody } from '@hatchery/core/errors'
import { directTokenInvalid, type DirectClaims, type EphemeralEvent } from '@hatchery/core/protocol'
import { Compile } from 'typebox/compile'
import { WebSocketServer, type WebSocket } from 'ws'
import type { ServerSupervisor } from '../servers/server-supervisor.ts'
import { Watchers } from '../link/watchers.ts'
import type { DirectDoor } from './direct-door.ts'

/** Requests are short: a topic and a cursor. */
const MAX_REQUEST_BYTES = 16 * 1024
/** Console lines wait while a browser has this much before it. */
const MAX_BUFFERED_BYTES = 256 * 1024
const TAIL_LINES = 500
const TOPIC = /^(server-console|server-stats):(.+)$/
const RUN_LINE = /^\d+:\d+$/
const CLOSE_REVOKED = 4403

let validator: ReturnType<typeof Compile> | undefined

export interface LiveOptions {
  readonly door: DirectDoor
  /** @throws AppError `SERVER_NOT_FOUND` */
  readonly serverOf: (id: string) => ServerSupervisor
  readonly agentVersion: string
  readonly now: () => number
  readonly onFault: (server: string, error: unknown) => void
}

/** The live channel of the panel for one server, given by the node itself: its console and its readings, and nothing else. */
export class DirectLive {
  readonly #options: LiveOptions
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_REQUEST_BYTES,
    perMessageDeflate: false,
  })

  constructor(options: LiveOptions) {
    this.#options = options
  }

  /** Takes a request to upgrade; one without a fitting token, or from another page, is answered and closed. */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { door } = this.#options
    const url = new URL(request.url ?? '/', 'http://node')
    socket.on('error', () => socket.destroy())
    try {
      await door.enter(url, 'live', async (claims, signal) => {
        if ((request.headers.origin ?? null) !== claims.origin) throw directTokenInvalid('another page asks')
        await new Promise<void>((resolve) => {
          this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
            webSocket.once('close', () => resolve())
            this.#serve(webSocket, claims, signal)
          })
          socket.once('close', () => resolve())
        })
      })
    } catch (error) {
      if (!(error instanceof AppError)) this.#options.onFault('', error)
      socket.end(`HTTP/1.1 ${error instanceof AppError ? error.status : 500} Refused\r\nConnection: close\r\n\r\n`)
    }
  }

  close(): void {
    for (const client of this.#sockets.clients) client.terminate()
  }

  #serve(webSocket: WebSocket, claims: DirectClaims, signal: AbortSignal): void {
    const { now, agentVersion, onFault } = this.#options
    const send = (message: LiveMessage) => webSocket.send(JSON.stringify(message))
    const watchers = new Watchers(
      {
        emit: (event) => send(messageOf(event)),
        isCongested: () => webSocket.bufferedAmount > MAX_BUFFERED_BYTES,
        flush: () => {},
      },
      onFault,
    )
    const end = () => webSocket.close(CLOSE_REVOKED, 'access ended')
    signal.addEventListener('abort', end, { once: true })
    webSocket.on('close', () => {
      signal.removeEventListener('abort', end)
      watchers.close()
    })
    webSocket.on('error', () => webSocket.terminate())
    webSocket.on('message', (data, isBinary) => {
      const asked = isBinary ? null : readRequest(String(data))
      if (!asked) return webSocket.close(4400, 'no request')
      try {
        this.#answer(watchers, claims, asked)
        send({ type: 'ok', id: asked.id })
      } catch (error) {
        if (!(error instanceof AppError)) onFault(claims.server, error)
        send({ type: 'error', id: asked.id, error: bodyOf(error) })
      }
    })
    send({ type: 'hello', at: now(), version: agentVersion })
  }

  #answer(watchers: Watchers, claims: DirectClaims, asked: LiveRequest): void {
    if (asked.type === 'ping') return
    if (asked.type === 'command') throw new AppError('PERMISSION_DENIED', { permission: 'control.console' })
    const [, kind = '', server = ''] = TOPIC.exec(asked.topic) ?? []
    if (server !== claims.server || !claims.subject.split(' ').includes(kind)) {
      throw new AppError('PERMISSION_DENIED', { permission: asked.topic })
    }
    if (asked.type === 'unsubscribe') {
      if (kind === 'server-console') watchers.unwatchConsole(server)
      else watchers.unwatchStats(server)
      return
    }
    const supervisor = this.#options.serverOf(server)
    if (kind === 'server-stats') return watchers.watchStats(supervisor)
    const cursor = asked.cursor === undefined || !RUN_LINE.test(asked.cursor) ? null : asked.cursor
    watchers.watchConsole(supervisor, cursor, TAIL_LINES)
  }
}

function messageOf(event: EphemeralEvent): LiveMessage {
  if (event.name === 'console') {
    const { server, lines, skipped } = event.data
    const last = lines.at(-1)
    return {
      type: 'event',
      topic: `server-console:${server}`,
      ...(last && { cursor: `${last.run}:${last.line}` }),
      event: { lines, ...(skipped !== undefined && { skipped }) },
    }
  }
  if (event.name === 'stats') {
    return { type: 'event', topic: `server-stats:${event.data.server}`, event: { stats: event.data.stats } }
  }
  throw new Error(`No browser watches ${event.name}.`)
}

function readRequest(text: string): LiveRequest | null {
  try {
    const asked: unknown = JSON.parse(text)
    return (validator ??= Compile(LiveRequest)).Check(asked) ? (asked as LiveRequest) : null
  } catch {
    // What is no JSON is no request.
    return null
  }
}

function bodyOf(error: unknown): ErrorBody & { details?: Record<string, unknown> } {
  const { code, message, details } = (error instanceof AppError ? error : new AppError('INTERNAL')).toBody()
  return { code, message, ...(details && { details: { ...details } }) }
}
