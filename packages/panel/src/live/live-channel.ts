import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { AppError } from '@hatchery/core/errors'
import { WebSocketServer, type WebSocket } from 'ws'
import { authorizeServer } from '../access/authorize.ts'
import type { Principal } from '../access/principal.ts'
import type { Revocation } from '../access/revocations.ts'
import type { Context, RequestContext } from '../context.ts'
import { createClientAddresses, type ClientAddresses } from '../http/client-address.ts'
import { refuse } from '../http/upgrades.ts'
import { sendCommand } from '../servers/power.ts'
import { ConsoleHub } from './console-hub.ts'
import { LiveConnection } from './live-connection.ts'
import { NodeFeed } from './node-feed.ts'
import { OperationFeed } from './operation-feed.ts'
import { ServerFeed } from './server-feed.ts'
import { FilesHub } from './files-hub.ts'
import { StatsHub } from './stats-hub.ts'
import type { Feeds } from './topics.ts'

const MAX_MESSAGE_BYTES = 32 * 1024
const MAX_CONNECTIONS = 10_000
const MAX_CONNECTIONS_PER_USER = 64
/** Dead connections are found, and sessions that ran out end, within this time. */
const SWEEP_MS = 30_000

export interface LiveChannel {
  start(): void
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  close(): Promise<void>
}

/** `/api/v1/live`: one WebSocket per tab, many subscriptions. The Origin was checked before the upgrade. */
export function createLiveChannel(ctx: Context): LiveChannel {
  return new Channel(ctx)
}

class Channel implements LiveChannel {
  readonly #ctx: Context
  readonly #feeds: Feeds
  readonly #addresses: ClientAddresses
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES, perMessageDeflate: false })
  readonly #connections = new Map<WebSocket, LiveConnection>()
  readonly #alive = new WeakSet<WebSocket>()
  readonly #stop: readonly (() => void)[]
  #timer: NodeJS.Timeout | null = null
  #isClosed = false

  constructor(ctx: Context) {
    this.#ctx = ctx
    this.#addresses = createClientAddresses(ctx.config.trustedProxies)
    const servers = new ServerFeed(ctx)
    this.#feeds = {
      servers,
      consoles: new ConsoleHub(ctx),
      stats: new StatsHub(ctx),
      files: new FilesHub(ctx),
      operations: new OperationFeed(ctx),
      nodes: new NodeFeed(ctx, (node) => servers.onNodeChanged(node)),
    }
    this.#stop = [ctx.revocations.onRevocation((revocation) => this.#recheckAll(revocation))]
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#sweep(), SWEEP_MS).unref()
  }

  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#accept(request, socket, head).catch((error: unknown) => {
      if (!(error instanceof AppError)) this.#ctx.log.error({ err: error }, 'a live connection could not be opened')
      refuse(socket, error)
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#timer) clearInterval(this.#timer)
    for (const stop of this.#stop) stop()
    for (const socket of this.#connections.keys()) {
      socket.close(1001, 'the panel is shutting down')
      socket.terminate()
    }
    this.#server.close()
    const { consoles, stats, files, operations, nodes, servers } = this.#feeds
    consoles.close()
    stats.close()
    files.close()
    operations.close()
    nodes.close()
    await servers.close()
  }

  async #accept(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const principal = await this.#identify(request)
    if (principal === null) {
      // A browser cannot read the answer to a refused upgrade, but it can read why a socket was closed.
      this.#server.handleUpgrade(request, socket, head, (webSocket) => webSocket.close(4401, 'sign in first'))
      return
    }
    if (this.#isClosed || this.#connections.size >= MAX_CONNECTIONS) {
      throw new AppError('SERVICE_UNAVAILABLE', { reason: 'it takes no more live connections' })
    }
    if (this.#countOf(principal.userId) >= MAX_CONNECTIONS_PER_USER) {
      throw new AppError('RATE_LIMITED', { retryAfterSeconds: 10 })
    }
    this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#open(webSocket, request, principal))
  }

  async #identify(request: IncomingMessage) {
    try {
      const principal = await this.#ctx.identity.authenticate(request)
      return principal.kind === 'anonymous' || principal.kind === 'node' ? null : principal
    } catch (error) {
      if (error instanceof AppError && error.code === 'NOT_SIGNED_IN') return null
      throw error
    }
  }

  #countOf(userId: number): number {
    let count = 0
    for (const { principal } of this.#connections.values()) {
      if ('userId' in principal && principal.userId === userId) count++
    }
    return count
  }

  #open(socket: WebSocket, request: IncomingMessage, principal: Principal): void {
    const connection = new LiveConnection({
      ctx: this.#ctx,
      feeds: this.#feeds,
      socket,
      request,
      principal,
      command: (who, server, command) => this.#command(request, who, server, command),
    })
    this.#connections.set(socket, connection)
    this.#alive.add(socket)
    socket.on('pong', () => this.#alive.add(socket))
    socket.on('close', () => this.#connections.delete(socket))
  }

  async #command(request: IncomingMessage, principal: Principal, ref: string, command: string): Promise<unknown> {
    const server = await authorizeServer(this.#ctx, principal, ref, 'control.console')
    const own: RequestContext = {
      ...this.#ctx,
      principal,
      requestId: randomUUID(),
      ip: this.#addresses.ipOf(request),
      userAgent: request.headers['user-agent'] ?? '',
      isSecure: this.#addresses.isSecure(request),
      server,
      cookie: () => undefined,
      header: () => undefined,
    }
    return sendCommand(own, server, command)
  }

  #recheckAll(revocation: Revocation | null): void {
    for (const connection of this.#connections.values()) {
      connection.recheck(revocation).catch((error: unknown) => {
        // Nobody knows whether it may stay open, so it does not.
        this.#ctx.log.error({ err: error }, 'the access of a live connection could not be checked')
        connection.close(1011, 'access could not be checked')
      })
    }
  }

  #sweep(): void {
    for (const socket of this.#connections.keys()) {
      if (!this.#alive.has(socket)) {
        socket.terminate()
        continue
      }
      this.#alive.delete(socket)
      socket.ping()
    }
    this.#recheckAll(null)
  }
}
