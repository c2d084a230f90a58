import { AppError } from '../errors/index.ts'
import { Channel, closeSocket } from './channel.ts'
import { enableDataSockets } from './data-socket.ts'
import { EventReceiver } from './event-receiver.ts'
import { PanelHandshake, failed } from './handshake.ts'
import type { Proof } from './hello.ts'
import { Inbox } from './inbox.ts'
import { withDefaults, type LinkDefaults, type LinkOptions } from './link-options.ts'
import {
  AGENT_METHODS,
  EPHEMERAL_EVENTS,
  type AgentMethod,
  type AgentResult,
  type EphemeralEvent,
  type EphemeralEventName,
} from './methods.ts'
import { checkFeatures, checkVersion, commonFeatures, encodeRefusal, readRefusal } from './negotiation.ts'
import { PANEL_CALLS, PANEL_METHODS } from './panel-methods.ts'
import { RpcCaller } from './rpc-caller.ts'
import { RpcServer } from './rpc-server.ts'
import type {
  AgentHello,
  CallOptions,
  PanelHello,
  PanelSession,
  PanelSessionHandlers,
  ProtocolSocket,
} from './session.ts'
import { matches } from './validation.ts'
import { CLOSE, PROTOCOL_VERSION, violation } from './wire.ts'

export interface AcceptOptions extends LinkOptions {
  readonly panel: { readonly name: string; readonly version: string; readonly features: readonly string[] }
  /** The 32 bytes of a node's secret under a key id; null when there is none. */
  findSecret(node: string, keyId: string): Promise<Uint8Array | null>
  /**
   * Called once the agent has proved itself; only now may the connection replace another.
   * Throw an AppError to refuse: the agent gets its code under the panel's own proof.
   */
  onHello(node: string, keyId: string, hello: AgentHello): Promise<PanelHello>
  /** Called once, before the first message of the session arrives. */
  handlers(session: PanelSession): PanelSessionHandlers
}

/**
 * The panel's end: proves itself to the agent that has connected and lets the agent prove itself.
 * @throws AppError `HANDSHAKE_FAILED`, `PROTOCOL_VERSION`, or what `onHello` threw; the socket is closed then
 */
export async function acceptAgent(socket: ProtocolSocket, node: string, options: AcceptOptions): Promise<PanelSession> {
  const inbox = new Inbox(socket)
  const defaults = withDefaults(options)
  const cancelTimeout = defaults.timers.after(options.handshakeTimeoutMs ?? 10_000, () =>
    inbox.fail(failed('the agent did not answer in time')),
  )
  try {
    const proven = await shakeHands(socket, inbox, node, options, defaults)
    return openSession(socket, inbox, options, defaults, proven)
  } catch (error) {
    closeSocket(socket, CLOSE.handshake, error instanceof AppError ? error.message : 'the handshake failed')
    throw error
  } finally {
    cancelTimeout()
  }
}

interface Proven {
  readonly handshake: PanelHandshake
  readonly proof: Proof
  readonly hello: AgentHello
  readonly answer: PanelHello
  readonly clockOffsetMs: number
}

async function shakeHands(
  socket: ProtocolSocket,
  inbox: Inbox,
  node: string,
  options: AcceptOptions,
  { freshness, minimumVersion }: LinkDefaults,
): Promise<Proven> {
  const { panel } = options
  const handshake = new PanelHandshake(freshness)
  const started = Math.round(options.now())
  socket.send(
    handshake.challenge({
      protocol: { minimum: minimumVersion, maximum: PROTOCOL_VERSION },
      panel: { name: panel.name, version: panel.version },
      features: [...panel.features],
    }),
  )
  const data = await inbox.next()
  const refusal = readRefusal(data)
  if (refusal) throw refusal
  const received = Math.round(options.now())
  let proof: Proof
  let hello: AgentHello
  try {
    proof = handshake.readProof(data)
    // An unknown key fails exactly like a wrong secret, so that nobody can ask which nodes exist.
    const secret = proof.node === node ? await options.findSecret(node, proof.keyId) : null
    hello = handshake.verify(secret ?? freshness.challenge)
    if (!secret) throw failed('its secret is wrong')
  } catch (error) {
    const refused = error instanceof AppError ? error : failed('the panel could not check the proof', { cause: error })
    trySend(socket, encodeRefusal(refused))
    throw refused
  }
  const answer = await decide(socket, handshake, received, node, proof, hello, options)
  const clockOffsetMs = Math.round(proof.time - (started + received) / 2)
  return { handshake, proof, hello, answer, clockOffsetMs }
}

async function decide(
  socket: ProtocolSocket,
  handshake: PanelHandshake,
  received: number,
  node: string,
  proof: Proof,
  hello: AgentHello,
  options: AcceptOptions,
): Promise<PanelHello> {
  try {
    checkVersion(proof.protocol, options.minimumVersion ?? 1)
    checkFeatures(proof.protocol, proof.features, options.requiredFeatures)
    const answer = await options.onHello(node, proof.keyId, hello)
    socket.send(handshake.answer({ received, sent: Math.round(options.now()) }, { hello: answer }))
    return answer
  } catch (error) {
    const refused = error instanceof AppError ? error : new AppError('INTERNAL')
    trySend(socket, handshake.answer({ received, sent: Math.round(options.now()) }, { refused: refused.toBody() }))
    throw error
  }
}

function openSession(
  socket: ProtocolSocket,
  inbox: Inbox,
  options: AcceptOptions,
  { timers, heartbeatMs, maxCalls, maxPanelCalls, onFault }: LinkDefaults,
  { handshake, proof, hello, answer, clockOffsetMs }: Proven,
): PanelSession {
  const keys = handshake.keys()
  const channel = new Channel({
    socket,
    inbox,
    timers,
    heartbeatMs,
    sendKey: keys.panelToAgent,
    receiveKey: keys.agentToPanel,
    lanes: [],
    onFault,
    onMessage(message) {
      switch (message.type) {
        case 'result':
          return caller.onResult(message.id, message.result)
        case 'error':
          return caller.onError(message.id, message.error)
        case 'events':
          return receiver.onEvents(message.incarnation, message.events)
        case 'event':
          return deliver(message.name, message.data)
        case 'call':
          return served(message.type).onCall(message.id, message.method, message.params, message.deadlineMs)
        case 'cancel':
          return served(message.type).onCancel(message.id)
        default:
          throw violation(`a panel takes no ${message.type}`)
      }
    },
  })
  const caller = new RpcCaller({ channel, methods: AGENT_METHODS, timers, maxCalls })
  const session: PanelSession = {
    hello,
    agent: { version: proof.agent.version, keyId: proof.keyId },
    features: commonFeatures(options.panel.features, proof.features),
    clockOffsetMs,
    call: async <M extends AgentMethod>(method: M, params: unknown, callOptions?: CallOptions) =>
      (await caller.call(method, params, callOptions)) as AgentResult<M>,
    close: (reason) => channel.close(CLOSE.normal, reason),
    closed: channel.closed,
  }
  enableDataSockets(session, keys.data, timers)
  const handlers = options.handlers(session)
  const server = session.features.includes(PANEL_CALLS)
    ? new RpcServer({
        channel,
        methods: PANEL_METHODS,
        handlers: handlers.methods ?? {},
        timers,
        maxCalls: maxPanelCalls * 2,
        onFault,
      })
    : undefined
  const receiver = new EventReceiver(channel, hello.incarnation, answer.storedSeq, handlers, onFault)
  function served(type: string): RpcServer {
    if (!server) throw violation(`a panel takes no ${type}`)
    return server
  }
  /** Unknown and malformed ephemeral events are dropped: nothing depends on any one of them. */
  function deliver(name: string, data: unknown): void {
    if (!Object.hasOwn(EPHEMERAL_EVENTS, name)) return
    if (!matches(EPHEMERAL_EVENTS[name as EphemeralEventName], data)) return
    try {
      handlers.onEphemeral({ name, data } as EphemeralEvent)
    } catch (error) {
      onFault(error, 'onEphemeral')
    }
  }
  channel.start()
  return session
}

/** Sends the last word on a connection that is given up anyway. */
function trySend(socket: ProtocolSocket, data: Uint8Array): void {
  try {
    socket.send(data)
  } catch {
    // The socket has closed already; the caller learns why from the error that is on its way.
  }
}
