import { AppError } from '@hatchery/core/errors'
import type {
  AgentMethod,
  AgentParams,
  AgentResult,
  CallOptions,
  DataTicket,
  DurableEvent,
  EphemeralEvent,
} from '@hatchery/core/protocol'
import type { NodeLink, NodeLinkCapabilities } from '../nodes/node-link.ts'
import { storeAgentEvents } from '../nodes/store-events.ts'
import type { BaseContext } from '../services.ts'
import { welcomeWings, dismissWings, type WingsEpoch } from './welcome-wings.ts'
import { readHost, WingsAnswerUnknown } from './wings-answers.ts'
import { WingsClient, WingsRefusal, WingsSilence } from './wings-client.ts'
import { findLateInstalls, installEnd, isInstallAccepted, readKnownServers } from './wings-operations.ts'
import type { WingsSettings } from './wings-row.ts'
import { WingsSession } from './wings-session.ts'
import { WingsSocket } from './wings-socket.ts'
import { signSocketToken } from './wings-token.ts'

const CAPABILITIES: NodeLinkCapabilities = {
  schedules: 'panel',
  backups: 'panel',
  durableEvents: false,
  appliesSpecs: false,
}
const LOOK_TIMEOUT_MS = 10_000

export interface WingsLinkListeners {
  readonly onEphemeral: (event: EphemeralEvent) => void
  readonly onConnected: (sessionEpoch: number) => void
  readonly onDisconnected: () => void
}

interface Connection extends WingsEpoch {
  readonly session: WingsSession
}

/** The panel's end of one Wings: HTTP calls one way, a socket for each server the other. Connected while the node answers. */
export class WingsLink implements NodeLink {
  readonly node: number
  readonly capabilities = CAPABILITIES
  readonly #ctx: BaseContext
  readonly #listeners: WingsLinkListeners
  #settings: WingsSettings
  #connection: Connection | null = null
  #looking: Promise<void> | null = null
  #storing: Promise<void> = Promise.resolve()
  #isClosed = false

  constructor(ctx: BaseContext, settings: WingsSettings, listeners: WingsLinkListeners) {
    this.node = settings.id
    this.#ctx = ctx
    this.#settings = settings
    this.#listeners = listeners
  }

  get isConnected(): boolean {
    return this.#connection !== null
  }

  get sessionEpoch(): number | null {
    return this.#connection?.sessionEpoch ?? null
  }

  /** Takes what an administrator changed; with another address or secret the connection is a new one. */
  async configure(settings: WingsSettings): Promise<void> {
    const { origin, secret } = this.#settings
    this.#settings = settings
    if (origin !== settings.origin || secret !== settings.secret) await this.#disconnect('its address has changed')
  }

  /** Connects when the node answers, disconnects when it does not; several at once are one. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => (this.#looking = null))
    return this.#looking
  }

  async call<M extends AgentMethod>(method: M, params: AgentParams<M>, options?: CallOptions): Promise<AgentResult<M>> {
    const { name } = this.#settings
    const connection = this.#connection
    if (!connection) throw new AppError('NODE_UNREACHABLE', { node: name })
    const handlers: Partial<Record<AgentMethod, unknown>> = connection.session.handlers
    const handler = handlers[method] as ((params: AgentParams<M>) => Promise<AgentResult<M>>) | undefined
    if (!handler) throw new AppError('NODE_UNSUPPORTED', { node: name, capability: method })
    try {
      options?.signal?.throwIfAborted()
      return await handler(params)
    } catch (error) {
      throw this.#explain(error)
    }
  }

  async openTicket(): Promise<DataTicket> {
    throw new AppError('NODE_UNSUPPORTED', { node: this.#settings.name, capability: 'files' })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#disconnect('the panel is shutting down')
  }

  async disconnect(reason: string): Promise<void> {
    await this.#disconnect(reason)
  }

  async #look(): Promise<void> {
    if (this.#isClosed || this.#settings.secret === null) return
    const connection = this.#connection
    try {
      if (!connection) return await this.#connect(this.#settings.secret)
      await connection.session.look()
      for (const install of await findLateInstalls(this.#ctx, this.node)) {
        const data = { ...install, ...installEnd('unknown'), at: this.#ctx.now() }
        await this.#emit(connection, { name: 'operation.finished', data })
      }
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error)
      this.#ctx.log.debug({ err: error, node: this.node }, 'a Wings does not answer as it should')
      if (connection && this.#connection === connection) await this.#disconnect(cause)
    }
  }

  async #connect(secret: string): Promise<void> {
    const ctx = this.#ctx
    const { origin, fqdn } = this.#settings
    const client = new WingsClient({ origin, secret })
    const host = readHost(await client.request('GET', '/api/system', { timeoutMs: LOOK_TIMEOUT_MS }), fqdn)
    const epoch = await welcomeWings(ctx, this.node, host)
    if (this.#isClosed) return
    const connection: Connection = {
      ...epoch,
      session: new WingsSession({
        client,
        now: ctx.now,
        emit: (event) => this.#emit(connection, event),
        emitEphemeral: this.#listeners.onEphemeral,
        known: () => readKnownServers(ctx, this.node),
        isInstallAccepted: (operation) => isInstallAccepted(ctx, operation),
        openSocket: (server, onReady, onEvent) => this.#openSocket(secret, server, onReady, onEvent),
        onFault: (error, where) => ctx.log.warn({ err: error, node: this.node, where }, 'a Wings link failed'),
      }),
    }
    this.#connection = connection
    this.#seq = 0
    ctx.log.info({ node: this.node, version: host.agentVersion }, 'a Wings answers')
    this.#listeners.onConnected(epoch.sessionEpoch)
  }

  #openSocket(
    secret: string,
    server: string,
    onReady: () => void,
    onEvent: (event: string, argument: string) => void,
  ): WingsSocket {
    const { origin, uuid } = this.#settings
    const panel = (this.#ctx.config.publicUrl ?? '').replace(/\/$/, '')
    return new WingsSocket({
      url: `${origin.replace(/^http/, 'ws')}/api/servers/${server}/ws`,
      origin: panel,
      token: () =>
        signSocketToken({ secret, issuer: panel, audience: origin, server, user: uuid, now: this.#ctx.now() }),
      onReady,
      onEvent,
    })
  }

  async #disconnect(reason: string): Promise<void> {
    const connection = this.#connection
    if (!connection) return
    this.#connection = null
    connection.session.close()
    this.#ctx.log.info({ node: this.node, reason }, 'a Wings is not used any more')
    this.#listeners.onDisconnected()
    await this.#storing
    await dismissWings(this.#ctx, this.node, connection.sessionEpoch, reason)
  }

  #seq = 0

  /** Stores events one after the other, as those of an agent's outbox are. */
  #emit({ sessionEpoch, incarnation }: WingsEpoch, event: DurableEvent): Promise<void> {
    const stored = this.#storing.then(() =>
      storeAgentEvents(this.#ctx, { nodeId: this.node, sessionEpoch }, [
        { incarnation, seq: ++this.#seq, at: this.#ctx.now(), event },
      ]),
    )
    this.#storing = stored.catch((error: unknown) => {
      this.#ctx.log.warn({ err: error, node: this.node, event: event.name }, 'an event of a Wings was not stored')
    })
    return stored
  }

  /** Words of HTTP become words about the node. */
  #explain(error: unknown): unknown {
    const node = this.#settings.name
    if (error instanceof WingsSilence) {
      return new AppError(error.mayHaveArrived ? 'NODE_TIMEOUT' : 'NODE_UNREACHABLE', { node }, { cause: error })
    }
    if (error instanceof WingsRefusal || error instanceof WingsAnswerUnknown) {
      return new AppError('NODE_REFUSED', { node, reason: error.message }, { cause: error })
    }
    return error
  }
}
