import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { AppError } from '@hatchery/core/errors'
import {
  acceptAgent,
  acceptDataStream,
  lendDataTicket,
  MAX_FRAME_BYTES,
  PANEL_CALLS,
  protocolSocket,
  type EphemeralEvent,
  type LentTicket,
  type PanelSession,
} from '@hatchery/core/protocol'
import { WebSocketServer, type WebSocket } from 'ws'
import { createClientAddresses, subscriberOf, type ClientAddresses } from '../http/client-address.ts'
import type { BaseContext } from '../services.ts'
import { SshDoor } from '../ssh-access/ssh-door.ts'
import { AgentLink } from './agent-link.ts'
import type { NodeLinks } from './node-link.ts'
import { findNodeSecret } from './node-secrets.ts'
import { storeAgentEvents } from './store-events.ts'
import { welcomeAgent, type Welcome } from './welcome-agent.ts'

/** Handshakes that may be under way at once, so that strangers cannot fill the memory. An agent needs two round trips. */
const MAX_HANDSHAKES = 256
/** As the protocol closes a handshake that failed. */
const CLOSE_NO_SESSION = 4401
const PANEL = { name: 'hatchery', version: '0.1.0', features: [PANEL_CALLS] as readonly string[] }

/** A node that has just connected, whichever kind it is. */
export interface ReadySession {
  readonly nodeId: number
  readonly sessionEpoch: number
  readonly isRecovery: boolean
}

interface OpenSession extends ReadySession {
  readonly session: PanelSession
}

export interface AgentLinks extends NodeLinks {
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Called for each proven connection, before `onStatus`: what the node missed is sent now. */
  onReady(listener: (session: ReadySession) => void): () => void
  /** Whether this instance has the node's connection. */
  holds(nodeId: number): boolean
  /** A ticket that another instance uses for a data socket of a node that is connected here. @throws AppError `NODE_UNREACHABLE` */
  lendTicket(nodeId: number): Promise<LentTicket>
  /** Epoch of the connection in use; null without one. */
  sessionEpochOf(nodeId: number): number | null
  start(): Promise<void>
}

/** Takes the connections of agents and keeps one link per node over them. */
export function createAgentLinks(ctx: BaseContext): AgentLinks {
  return new Links(ctx)
}

class Links implements AgentLinks {
  readonly #ctx: BaseContext
  readonly #links = new Map<number, AgentLink>()
  readonly #epochs = new Map<number, number>()
  readonly #ephemeral = new Set<(node: number, event: EphemeralEvent) => void>()
  readonly #status = new Set<(node: number, isConnected: boolean) => void>()
  readonly #ready = new Set<(session: ReadySession) => void>()
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES, perMessageDeflate: false })
  readonly #sockets = new Set<WebSocket>()
  readonly #closing = new Set<Promise<unknown>>()
  /** Connections that have not proved themselves, oldest first, with the address each comes from. */
  readonly #handshakes = new Map<WebSocket, string>()
  readonly #addresses: ClientAddresses
  readonly #ssh: SshDoor
  #isClosed = false

  constructor(ctx: BaseContext) {
    this.#ctx = ctx
    this.#ssh = new SshDoor(ctx)
    this.#addresses = createClientAddresses(ctx.config.trustedProxies)
    ctx.revocations.onRevocation(({ kind, subject }) => {
      if (kind === 'node') void this.#disconnectRevoked(subject)
    })
  }

  async start(): Promise<void> {
    // An instance that works alone knows that the connections of an earlier process are gone with it.
    if (this.#ctx.config.internalAddress !== null) return
    await this.#ctx.store.transaction(async (trx) => {
      await trx
        .updateTable('nodes')
        .set({ instance: null, instance_address: null })
        .where('instance', 'is not', null)
        .execute()
    })
  }

  of(node: number): AgentLink {
    let link = this.#links.get(node)
    if (!link) this.#links.set(node, (link = new AgentLink(node, (id) => this.#nameOf(id))))
    return link
  }

  holds(nodeId: number): boolean {
    return this.#links.get(nodeId)?.isConnected === true
  }

  async lendTicket(nodeId: number): Promise<LentTicket> {
    const session = this.#links.get(nodeId)?.session
    if (!session) throw new AppError('NODE_UNREACHABLE', { node: await this.#nameOf(nodeId) })
    return lendDataTicket(session)
  }

  sessionEpochOf(nodeId: number): number | null {
    return this.#links.get(nodeId)?.isConnected === true ? (this.#epochs.get(nodeId) ?? null) : null
  }

  onEphemeral(listener: (node: number, event: EphemeralEvent) => void): () => void {
    this.#ephemeral.add(listener)
    return () => this.#ephemeral.delete(listener)
  }

  onStatus(listener: (node: number, isConnected: boolean) => void): () => void {
    this.#status.add(listener)
    return () => this.#status.delete(listener)
  }

  onReady(listener: (session: ReadySession) => void): () => void {
    this.#ready.add(listener)
    return () => this.#ready.delete(listener)
  }

  disconnect(node: number, reason: string): void {
    this.#links.get(node)?.session?.close(reason)
  }

  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const node = nodeOf(request)
    if (this.#isClosed || node === null) {
      socket.end(
        `HTTP/1.1 ${node === null ? '400 Bad Request' : '503 Service Unavailable'}\r\nConnection: close\r\n\r\n`,
      )
      return
    }
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      this.#sockets.add(webSocket)
      webSocket.once('close', () => this.#sockets.delete(webSocket))
      if (this.#handshakes.size >= MAX_HANDSHAKES) this.#endOldestHandshake()
      this.#handshakes.set(webSocket, subscriberOf(this.#addresses.ipOf(request)))
      const proven = isData(request) ? this.#acceptData(webSocket, node) : this.#accept(webSocket, node)
      void proven.finally(() => this.#handshakes.delete(webSocket))
    })
  }

  /** Makes room: who begins handshakes and never ends them keeps no agent out. Of the busiest address, the oldest one goes. */
  #endOldestHandshake(): void {
    const counts = new Map<string, number>()
    for (const address of this.#handshakes.values()) counts.set(address, (counts.get(address) ?? 0) + 1)
    const most = Math.max(...counts.values())
    for (const [webSocket, address] of this.#handshakes) {
      if (counts.get(address) !== most) continue
      this.#handshakes.delete(webSocket)
      webSocket.terminate()
      return
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const link of this.#links.values()) link.session?.close('the panel is shutting down')
    for (const socket of this.#sockets) socket.terminate()
    this.#server.close()
    await Promise.allSettled(this.#closing)
    await this.#ssh.close()
  }

  async #accept(webSocket: WebSocket, node: string): Promise<void> {
    const ctx = this.#ctx
    let welcome: Welcome | undefined
    try {
      const session = await acceptAgent(protocolSocket(webSocket), node, {
        now: ctx.now,
        panel: PANEL,
        findSecret: (uuid, keyId) => findNodeSecret(ctx, uuid, keyId),
        onHello: async (uuid, keyId, hello) => (welcome = await welcomeAgent(ctx, uuid, keyId, hello)).hello,
        handlers: (opened) => ({
          onEvents: async (events) => {
            const { nodeId, sessionEpoch } = originOf(welcome, opened)
            await storeAgentEvents(ctx, { nodeId, sessionEpoch }, events)
          },
          methods: {
            'ssh.authenticate': (asked) => this.#ssh.authenticate(originOf(welcome, opened).nodeId, asked),
          },
          onEphemeral: (event) => {
            const { nodeId } = originOf(welcome, opened)
            for (const listener of this.#ephemeral) listener(nodeId, event)
          },
        }),
        onFault: (error, where) => ctx.log.error({ err: error, node, where }, 'the agent link failed'),
      })
      await this.#open(session, originOf(welcome, session))
    } catch (error) {
      if (error instanceof AppError) ctx.log.warn({ node, code: error.code }, 'an agent was refused')
      else ctx.log.error({ err: error, node }, 'an agent could not be accepted')
    }
  }

  /** A socket for bytes: it proves by its ticket which session it belongs to, and ends within ten seconds if it cannot. */
  async #acceptData(webSocket: WebSocket, node: string): Promise<void> {
    // What comes while the session is looked up is kept.
    const socket = protocolSocket(webSocket)
    try {
      const session = await this.#sessionOf(node)
      if (!session) return webSocket.close(CLOSE_NO_SESSION, 'the node has no session here')
      await acceptDataStream(socket, session)
    } catch (error) {
      this.#ctx.log.debug({ node, err: error }, 'a data socket was refused')
    }
  }

  async #sessionOf(uuid: string): Promise<PanelSession | null> {
    const row = await this.#ctx.db.selectFrom('nodes').select('id').where('uuid', '=', uuid).executeTakeFirst()
    return row ? (this.#links.get(row.id)?.session ?? null) : null
  }

  async #open(session: PanelSession, ready: OpenSession): Promise<void> {
    const { nodeId, sessionEpoch } = ready
    const link = this.of(nodeId)
    // Two proven connections can end their handshakes in any order; the higher epoch is the newer one.
    if ((this.#epochs.get(nodeId) ?? 0) > sessionEpoch)
      return session.close('replaced by a newer connection of this node')
    this.#epochs.set(nodeId, sessionEpoch)
    link.connect(session)
    const closed = session.closed.then((reason) => this.#onClosed(session, ready, reason))
    this.#closing.add(closed)
    void closed.finally(() => this.#closing.delete(closed))
    if (this.#isClosed) return session.close('the panel is shutting down')

    await this.#storeClockOffset(ready)
    for (const listener of this.#ready) listener(ready)
    for (const listener of this.#status) listener(nodeId, true)
  }

  async #onClosed(session: PanelSession, { nodeId, sessionEpoch }: OpenSession, reason: string): Promise<void> {
    if (!this.of(nodeId).disconnect(session)) return
    this.#ctx.log.info({ node: nodeId, reason }, 'a node disconnected')
    for (const listener of this.#status) listener(nodeId, false)
    try {
      await this.#ctx.store.transaction(async (trx, afterCommit) => {
        const { numUpdatedRows } = await trx
          .updateTable('nodes')
          .set((eb) => ({
            instance: null,
            instance_address: null,
            last_seen_at: this.#ctx.now(),
            revision: eb('revision', '+', 1),
          }))
          .where('id', '=', nodeId)
          .where('session_epoch', '=', sessionEpoch)
          .executeTakeFirst()
        if (numUpdatedRows === 0n) return
        await this.#ctx.events.append(trx, { type: 'node:disconnected', nodeId, data: { sessionEpoch, reason } })
        afterCommit(() => this.#ctx.bus.publish('nodes', { id: nodeId }))
      })
    } catch (error) {
      if (!this.#isClosed) this.#ctx.log.error({ err: error, node: nodeId }, 'the end of a connection was not stored')
    }
  }

  async #storeClockOffset({ nodeId, sessionEpoch, session }: OpenSession): Promise<void> {
    await this.#ctx.store.transaction(async (trx) => {
      await trx
        .updateTable('nodes')
        .set({ clock_offset_ms: session.clockOffsetMs })
        .where('id', '=', nodeId)
        .where('session_epoch', '=', sessionEpoch)
        .execute()
    })
  }

  async #disconnectRevoked(uuid: string): Promise<void> {
    for (const link of this.#links.values()) {
      if (!link.session) continue
      const node = await this.#ctx.db
        .selectFrom('nodes')
        .select(['uuid', 'is_locked'])
        .where('id', '=', link.node)
        .executeTakeFirst()
      if (!node || (node.uuid === uuid && node.is_locked === 1)) link.session?.close('the node was deleted or locked')
    }
  }

  async #nameOf(id: number): Promise<string> {
    const node = await this.#ctx.db.selectFrom('nodes').select('name').where('id', '=', id).executeTakeFirst()
    return node?.name ?? String(id)
  }
}

function originOf(welcome: Welcome | undefined, session: PanelSession): OpenSession {
  if (!welcome) throw new Error('A session exists only after its hello.')
  return {
    nodeId: welcome.node.id,
    sessionEpoch: welcome.hello.sessionEpoch,
    isRecovery: welcome.hello.isRecovery,
    session,
  }
}

function isData(request: IncomingMessage): boolean {
  return new URL(request.url ?? '/', 'http://panel').searchParams.get('stream') === 'data'
}

/** The upgrade names the node and proves nothing (RULES 11). */
function nodeOf(request: IncomingMessage): string | null {
  const node = new URL(request.url ?? '/', 'http://panel').searchParams.get('node')
  return node !== null && /^[0-9a-f-]{36}$/.test(node) ? node : null
}
