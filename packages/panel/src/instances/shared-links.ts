import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { AppError } from '@hatchery/core/errors'
import {
  AGENT_METHODS,
  type AgentMethod,
  type AgentParams,
  type AgentResult,
  type CallOptions,
  type DataStreamOptions,
  type DataTicket,
  type EphemeralEvent,
  type LentTicket,
} from '@hatchery/core/protocol'
import type { AgentLinks, ReadySession } from '../nodes/agent-links.ts'
import type { NodeLink } from '../nodes/node-link.ts'
import type { BaseContext } from '../services.ts'
import { DataRouter } from './data-router.ts'
import type { EventOutlet } from './event-outlet.ts'
import type { InstanceFrame } from './frames.ts'
import { InstanceDirectory, type NodePlace } from './instance-directory.ts'
import type { InternalServer } from './internal-server.ts'
import { NotReached, Peer } from './peer.ts'
import { HERE, isWatchMethod, Watches, type WatchParams } from './watches.ts'

/** Time on the way between instances, beyond what the node itself is given. */
const WAY_MS = 3_000

/** How this instance and the others of the same panel know each other. */
export interface InstanceParts {
  readonly secret: Uint8Array
  readonly server: InternalServer
}

interface CallRequest {
  readonly node: number
  readonly epoch: number
  readonly method: AgentMethod
  readonly params: never
  readonly deadlineMs: number
  /** Where events of a watch are wanted. */
  readonly stream: string | null
}

type CallAnswer = { readonly result: unknown } | { readonly isStale: true }

/**
 * The links of all nodes for one of several instances. A node that is connected here is called directly; one that is connected
 * elsewhere is called there, by an epoch that says which of its connections is meant (RULES 13).
 */
export class SharedLinks implements AgentLinks {
  readonly #ctx: BaseContext
  readonly #local: AgentLinks
  readonly #parts: InstanceParts
  readonly #directory: InstanceDirectory
  readonly #data: DataRouter
  readonly #links = new Map<number, NodeLink>()
  readonly #held = new Map<number, number>()
  readonly #peers = new Map<string, Peer>()
  readonly #outlets = new Set<EventOutlet>()
  readonly #watches = new Watches()
  /** Connections that listeners were told of, by node: where and which. */
  readonly #known = new Map<number, string>()
  readonly #ephemeral = new Set<(node: number, event: EphemeralEvent) => void>()
  readonly #status = new Set<(node: number, isConnected: boolean) => void>()
  #isClosed = false

  constructor(ctx: BaseContext, local: AgentLinks, parts: InstanceParts) {
    this.#ctx = ctx
    this.#local = local
    this.#parts = parts
    this.#directory = new InstanceDirectory({
      store: ctx.store,
      bus: ctx.bus,
      events: ctx.events,
      log: ctx.log,
      now: ctx.now,
      self: { instance: ctx.config.instance, address: parts.server.address },
      held: () => this.#held,
      onNewerEpoch: (node) => local.disconnect(node, 'replaced by a newer connection of this node'),
      onChange: () => this.#onDirectory(),
    })
    this.#data = new DataRouter({
      secret: parts.secret,
      address: parts.server.address,
      log: ctx.log,
      takeHeld: (request, socket, head) => local.handleUpgrade(request, socket, head),
    })
    local.onEphemeral((node, event) => this.#onLocalEvent(node, event))
    local.onStatus((node, isConnected) => this.#onLocalStatus(node, isConnected))
    parts.server.serve({
      answer: (path, body, signal) => this.#answer(path, body, signal),
      onStream: (outlet) => this.#onStream(outlet),
      onData: (request, socket, head) => this.#data.take(request, socket, head),
    })
  }

  async start(): Promise<void> {
    await this.#local.start()
    await this.#directory.start()
    await this.#directory.forgetDead()
  }

  async close(): Promise<void> {
    await this.#local.close()
    this.#isClosed = true
    this.#data.close()
    for (const peer of this.#peers.values()) peer.close()
    await this.#directory.close()
  }

  of(node: number): NodeLink {
    let link = this.#links.get(node)
    if (link) return link
    const { capabilities } = this.#local.of(node)
    const isReachable = () => this.#isReachable(node)
    link = {
      node,
      capabilities,
      get isConnected() {
        return isReachable()
      },
      call: (method, params, options) => this.#call(node, method, params, options),
      openTicket: (options) => this.#openTicket(node, options),
    }
    this.#links.set(node, link)
    return link
  }

  lendTicket(node: number): Promise<LentTicket> {
    return this.#local.lendTicket(node)
  }

  holds(node: number): boolean {
    return this.#local.holds(node)
  }

  sessionEpochOf(node: number): number | null {
    return this.#local.sessionEpochOf(node) ?? this.#directory.placeOf(node)?.epoch ?? null
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
    return this.#local.onReady(listener)
  }

  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (!this.#data.take(request, socket, head)) this.#local.handleUpgrade(request, socket, head)
  }

  disconnect(node: number, reason: string): void {
    this.#local.disconnect(node, reason)
    const peer = this.#peerOf(this.#directory.placeOf(node))
    peer?.ask('/disconnect', { node, reason }, AbortSignal.timeout(WAY_MS)).catch((error: unknown) => {
      this.#ctx.log.warn({ err: error, node }, 'a node could not be disconnected at another instance')
    })
  }

  #isReachable(node: number): boolean {
    return this.#local.holds(node) || this.#streamOf(this.#directory.placeOf(node)) !== null
  }

  #peerOf(place: NodePlace | null): Peer | undefined {
    return place ? this.#peers.get(place.instance) : undefined
  }

  #streamOf(place: NodePlace | null): string | null {
    return this.#peerOf(place)?.stream ?? null
  }

  async #call<M extends AgentMethod>(
    node: number,
    method: M,
    params: AgentParams<M>,
    options: CallOptions = {},
  ): Promise<AgentResult<M>> {
    for (let attempt = 0; attempt < 2; attempt++) {
      if (attempt > 0) await this.#directory.refresh()
      if (this.#local.holds(node)) return this.#callHere(HERE, node, method, params, options)
      const place = this.#directory.placeOf(node)
      const peer = this.#peerOf(place)
      if (!place || !peer) continue
      const answer = await this.#askPeer(peer, place, node, method, params, options)
      if (answer && 'result' in answer) return answer.result as AgentResult<M>
    }
    throw new AppError('NODE_UNREACHABLE', { node: await this.#nameOf(node) })
  }

  /** @returns null when the other instance did not get it */
  async #askPeer<M extends AgentMethod>(
    peer: Peer,
    { epoch }: NodePlace,
    node: number,
    method: M,
    params: AgentParams<M>,
    { deadlineMs = AGENT_METHODS[method].deadlineMs, signal }: CallOptions,
  ): Promise<CallAnswer | null> {
    const limit = AbortSignal.timeout(deadlineMs + WAY_MS)
    const body = { node, epoch, method, params, deadlineMs, stream: peer.stream }
    try {
      const signals = signal ? [signal, limit] : [limit]
      return (await peer.ask('/call', body, AbortSignal.any(signals))) as CallAnswer
    } catch (error) {
      if (error instanceof AppError || signal?.aborted) throw error
      if (error instanceof NotReached) return null
      // It may have been carried out: nobody but the caller's operation class can say whether to ask again.
      throw new AppError('NODE_TIMEOUT', { node: await this.#nameOf(node) }, { cause: error })
    }
  }

  /** Bytes come from the node to this instance, whichever one holds its connection and whichever one they reach first. */
  async #openTicket(node: number, options?: DataStreamOptions): Promise<DataTicket> {
    if (this.#local.holds(node)) {
      const ticket = await this.#local.of(node).openTicket(options)
      return { ...ticket, id: this.#data.addressed(ticket.id, 'held') }
    }
    const place = this.#directory.placeOf(node)
    const lent = await this.#peerOf(place)?.ask('/ticket', { node }, AbortSignal.timeout(WAY_MS))
    if (!lent) throw new AppError('NODE_UNREACHABLE', { node: await this.#nameOf(node) })
    const ticket = this.#data.borrowed.borrow(lent as LentTicket, options)
    return { ...ticket, id: this.#data.addressed(ticket.id, 'lent') }
  }

  async #callHere<M extends AgentMethod>(
    watcher: string,
    node: number,
    method: M,
    params: AgentParams<M>,
    options: CallOptions,
  ): Promise<AgentResult<M>> {
    const pass = () => this.#local.of(node).call(method, params, options)
    if (!isWatchMethod(method)) return pass()
    return (await this.#watches.call(watcher, node, method, params as WatchParams, pass)) as AgentResult<M>
  }

  /** What another instance asks of this one. */
  async #answer(path: string, body: unknown, signal: AbortSignal): Promise<unknown> {
    switch (path) {
      case '/call':
        return this.#answerCall(body as CallRequest, signal)
      case '/ticket':
        return this.#local.lendTicket((body as { readonly node: number }).node)
      case '/disconnect': {
        const { node, reason } = body as { readonly node: number; readonly reason: string }
        this.#local.disconnect(node, reason)
        return {}
      }
      default:
        throw new AppError('ROUTE_NOT_FOUND', { method: 'POST', path })
    }
  }

  async #answerCall(request: CallRequest, signal: AbortSignal): Promise<CallAnswer> {
    const { node, epoch, method, params, deadlineMs, stream } = request
    if (this.#local.sessionEpochOf(node) !== epoch) return { isStale: true }
    const isListening = [...this.#outlets].some(({ id }) => id === stream)
    if (isWatchMethod(method) && (stream === null || !isListening)) return { isStale: true }
    const options = { deadlineMs, signal }
    return { result: await this.#callHere(stream ?? HERE, node, method, params, options) }
  }

  #onStream(outlet: EventOutlet): () => void {
    this.#outlets.add(outlet)
    return () => {
      this.#outlets.delete(outlet)
      for (const { node, kind, params } of this.#watches.forgetWatcher(outlet.id)) {
        if (!this.#local.holds(node)) continue
        const { server, path = '' } = params
        const call = this.#local.of(node).call(`${kind}.unwatch`, { server, path })
        call.catch((error: unknown) => this.#ctx.log.debug({ err: error, server }, 'a watch was not ended'))
      }
    }
  }

  #onLocalEvent(node: number, event: EphemeralEvent): void {
    for (const listener of this.#ephemeral) listener(node, event)
    for (const outlet of this.#outlets) {
      if (this.#watches.isWanted(outlet.id, event)) outlet.send(node, event)
    }
  }

  #onLocalStatus(node: number, isConnected: boolean): void {
    const epoch = isConnected ? this.#local.sessionEpochOf(node) : null
    if (epoch === null) this.#held.delete(node)
    else this.#held.set(node, epoch)
    this.#watches.forgetNode(node)
    this.#compare(node)
    for (const outlet of this.#outlets) outlet.hintNodes()
    if (!isConnected && !this.#isClosed) this.#directory.hint()
  }

  #onDirectory(): void {
    if (this.#isClosed) return
    const { instance: self } = this.#ctx.config
    const wanted = new Map<string, string>()
    for (const [, { instance, address }] of this.#directory.places()) {
      if (instance !== self) wanted.set(instance, address)
    }
    for (const [instance, peer] of this.#peers) {
      if (wanted.get(instance) === peer.address) continue
      peer.close()
      this.#peers.delete(instance)
    }
    for (const [instance, address] of wanted) {
      if (!this.#peers.has(instance)) this.#peers.set(instance, this.#openPeer(instance, address))
    }
    this.#compareAll()
  }

  #openPeer(instance: string, address: string): Peer {
    const { log, now, config } = this.#ctx
    const isElsewhere = instance.split('/')[0] !== config.instance.split('/')[0]
    if (isElsewhere && /^http:\/\/(?:127\.|localhost|\[::1\])/.test(address)) {
      log.warn({ instance, address }, 'another machine names its own loopback address: set HATCHERY_INTERNAL_URL there')
    }
    const listener = {
      onChange: () => this.#compareAll(),
      onFrame: (frame: InstanceFrame) => this.#onFrame(instance, frame),
    }
    return new Peer(instance, address, { secret: this.#parts.secret, log, now }, listener)
  }

  #onFrame(instance: string, frame: InstanceFrame): void {
    if (frame.type === 'nodes') return this.#directory.hint()
    if (frame.type !== 'event') return
    // The connection may be held elsewhere by now, and the old holder speaks no more for it.
    if (this.#local.holds(frame.node) || this.#directory.placeOf(frame.node)?.instance !== instance) return
    for (const listener of this.#ephemeral) listener(frame.node, frame.event)
  }

  #compareAll(): void {
    const nodes = new Set([...this.#known.keys(), ...[...this.#directory.places()].map(([node]) => node)])
    for (const node of nodes) this.#compare(node)
  }

  /** Tells listeners what has changed; a connection that replaced another one is a new one. */
  #compare(node: number): void {
    const before = this.#known.get(node) ?? null
    const now = this.#connectionOf(node)
    if (before === now) return
    if (now === null) this.#known.delete(node)
    else this.#known.set(node, now)
    for (const listener of this.#status) listener(node, now !== null)
  }

  #connectionOf(node: number): string | null {
    const held = this.#held.get(node)
    if (held !== undefined) return `${HERE}:${held}`
    const place = this.#directory.placeOf(node)
    const stream = this.#streamOf(place)
    return place && stream !== null ? `${stream}:${place.epoch}` : null
  }

  async #nameOf(id: number): Promise<string> {
    const node = await this.#ctx.db.selectFrom('nodes').select('name').where('id', '=', id).executeTakeFirst()
    return node?.name ?? String(id)
  }
}
