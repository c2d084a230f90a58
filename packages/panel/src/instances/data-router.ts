import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { BorrowedTickets, MAX_FRAME_BYTES, protocolSocket } from '@hatchery/core/protocol'
import type { Logger } from 'pino'
import { WebSocketServer } from 'ws'
import { openRoute, sealRoute, type DataRoute } from './data-routes.ts'

/** The path on the internal link that data sockets are handed on to. */
export const DATA_PATH = '/data'

export interface DataRouterParts {
  readonly secret: Uint8Array
  /** This instance's own internal address. */
  readonly address: string
  readonly log: Logger
  /** Takes a data socket of a session that is held here. */
  readonly takeHeld: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
}

/**
 * Brings data sockets to the instance that waits for them, whichever one the agent's connection comes to. They prove themselves
 * to that one alone and are encrypted for it; on the way they are bytes.
 */
export class DataRouter {
  readonly borrowed = new BorrowedTickets()
  readonly #parts: DataRouterParts
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES, perMessageDeflate: false })

  constructor(parts: DataRouterParts) {
    this.#parts = parts
  }

  /** The ticket as it is given to an agent. */
  addressed(id: string, kind: DataRoute['kind']): string {
    const { secret, address } = this.#parts
    return `${id}.${sealRoute(secret, { kind, address })}`
  }

  /** @returns false when the request is not for a data socket with a route */
  take(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const { searchParams } = new URL(request.url ?? '/', 'http://panel')
    const stated = searchParams.get('route')
    if (searchParams.get('stream') !== 'data' || stated === null) return false
    const { secret, address, takeHeld } = this.#parts
    const route = openRoute(secret, stated)
    if (!route) socket.destroy()
    else if (route.address !== address) this.#handOn(route.address, request, socket, head)
    else if (route.kind === 'held') takeHeld(request, socket, head)
    else this.#takeLent(request, socket, head)
    return true
  }

  close(): void {
    this.borrowed.close()
    for (const client of this.#server.clients) client.terminate()
    this.#server.close()
  }

  #takeLent(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      this.borrowed.accept(protocolSocket(webSocket)).catch((error: unknown) => {
        this.#parts.log.debug({ err: error }, 'a data socket was refused')
      })
    })
  }

  /** Says the request again to the other instance; from there on only bytes go to and fro. */
  #handOn(address: string, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { hostname, port } = new URL(address)
    const other = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80) })
    const end = () => {
      other.destroy()
      socket.destroy()
    }
    other.on('error', (error) => {
      this.#parts.log.warn({ err: error, address }, 'a data socket could not be handed on to another instance')
      end()
    })
    socket.on('error', end)
    socket.on('close', end)
    other.on('close', end)
    other.once('connect', () => {
      const [, query = ''] = (request.url ?? '').split('?')
      const lines = [`GET ${DATA_PATH}?${query} HTTP/1.1`]
      for (let at = 0; at + 1 < request.rawHeaders.length; at += 2) {
        lines.push(`${request.rawHeaders[at]}: ${request.rawHeaders[at + 1]}`)
      }
      other.write(`${lines.join('\r\n')}\r\n\r\n`)
      other.write(head)
      socket.pipe(other)
      other.pipe(socket)
    })
  }
}
