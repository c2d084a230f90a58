import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { AppError } from '@hatchery/core/errors'
import type { PanelConfig } from '../context.ts'
import type { ClientAddresses } from './client-address.ts'
import type { HostNames } from './host-names.ts'
import { checkOrigin } from './origins.ts'

/** Takes over the connection of a WebSocket upgrade; the Origin was checked before. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

export interface UpgradeParts {
  readonly config: PanelConfig
  readonly addresses: ClientAddresses
  readonly hostNames: HostNames
  /** Asked for paths that were not registered; answers whether it took the connection. */
  readonly fallback: (path: string, request: IncomingMessage, socket: Duplex, head: Buffer) => boolean
}

/** The WebSocket paths of the panel, beside whatever else the host's server upgrades. */
export class Upgrades {
  readonly #parts: UpgradeParts
  readonly #handlers = new Map<string, UpgradeHandler>()
  readonly #open = new Set<Duplex>()

  constructor(parts: UpgradeParts) {
    this.#parts = parts
  }

  /** @example upgrades.on('/api/v1/live', (request, socket, head) => sockets.handleUpgrade(request, socket, head, greet)) */
  on(path: string, handler: UpgradeHandler): void {
    this.#handlers.set(path, handler)
  }

  /**
   * Takes every upgrade below `prefix` before any listener hears of it: a host's WebSocket plugin answers whatever it hears.
   * Others are left to the host's listeners, or refused where there are none. @returns leaves the server as it was
   */
  attach(server: Server, prefix: string): () => void {
    let isAttached = true
    const take = (request: IncomingMessage, socket: Duplex, head: Buffer): boolean => {
      const path = pathBelow(prefix, request.url ?? '')
      if (path !== null && path.startsWith('/api/')) this.#upgrade(path, server, request, socket, head)
      else if (server.listenerCount('upgrade') > 1) return false
      else refuse(socket, new AppError('ROUTE_NOT_FOUND', { method: 'GET', path: path ?? request.url ?? '' }))
      return true
    }
    const emit = server.emit
    const emitOthers = function (this: Server, event: string | symbol, ...values: unknown[]): boolean {
      if (isAttached && event === 'upgrade' && take(...(values as Parameters<UpgradeHandler>))) return true
      return Reflect.apply(emit, this, [event, ...values]) as boolean
    }
    server.emit = emitOthers
    // Without a listener, Node does not upgrade at all.
    const listener = () => undefined
    server.on('upgrade', listener)
    return () => {
      isAttached = false
      server.off('upgrade', listener)
      // Somebody who has wrapped this one meanwhile keeps it; it does nothing any more.
      if (server.emit === emitOthers) server.emit = emit
    }
  }

  /** Ends what is still open; a server that closes would wait for it for ever. */
  close(): void {
    for (const socket of this.#open) socket.destroy()
  }

  #upgrade(path: string, server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#open.add(socket)
    socket.once('close', () => this.#open.delete(socket))
    socket.on('error', () => socket.destroy())
    try {
      this.#parts.hostNames.check(request, path, server)
      checkOrigin(request, this.#parts.config, this.#parts.addresses)
      const handler = this.#handlers.get(path)
      if (handler) handler(request, socket, head)
      else if (!this.#parts.fallback(path, request, socket, head)) {
        throw new AppError('ROUTE_NOT_FOUND', { method: 'GET', path })
      }
    } catch (error) {
      refuse(socket, error)
    }
  }
}

/** Answers an upgrade with an error and closes the connection. */
export function refuse(socket: Duplex, thrown: unknown): void {
  const error = thrown instanceof AppError ? thrown : new AppError('INTERNAL')
  const body = JSON.stringify({ error: error.toBody() })
  const head = [
    `HTTP/1.1 ${error.status} Refused`,
    'Connection: close',
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
}

function pathBelow(prefix: string, url: string): string | null {
  const [path = ''] = url.split('?')
  if (prefix === '' || prefix === '/') return path
  return path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : null
}
