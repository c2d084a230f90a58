import { AppError, errorFromBody } from '../errors/index.ts'
import { Channel, closeSocket } from './channel.ts'
import { enableDataSockets } from './data-socket.ts'
import { EphemeralQueue } from './ephemeral-queue.ts'
import { EventSender } from './event-sender.ts'
import { AgentHandshake, failed } from './handshake.ts'
import type { Answer, Challenge } from './hello.ts'
import { Inbox } from './inbox.ts'
import { withDefaults, type LinkDefaults, type LinkOptions } from './link-options.ts'
import { checkFeatures, chooseVersion, commonFeatures, encodeRefusal, readRefusal } from './negotiation.ts'
import { AGENT_METHODS } from './methods.ts'
import { PANEL_CALLS, PANEL_METHODS, type PanelMethod, type PanelResult } from './panel-methods.ts'
import { RpcCaller } from './rpc-caller.ts'
import { RpcServer } from './rpc-server.ts'
import { MAX_BUFFERED_BYTES } from './send-scheduler.ts'
import type {
  AgentHandlers,
  AgentHello,
  AgentSession,
  CallOptions,
  Outbox,
  PanelHello,
  ProtocolSocket,
} from './session.ts'
import { CLOSE, violation } from './wire.ts'

export interface ConnectOptions extends LinkOptions {
  /** The node's public id, as in the upgrade request. */
  readonly node: string
  readonly keyId: string
  /** 32 bytes. */
  readonly secret: Uint8Array
  readonly agent: { readonly version: string; readonly features: readonly string[] }
  hello(): AgentHello
  readonly outbox: Outbox
  /** A method without a handler is answered `METHOD_UNKNOWN`. */
  readonly handlers: Partial<AgentHandlers>
}

/**
 * The agent's end of a socket that it has opened.
 * @throws AppError `HANDSHAKE_FAILED`, `PROTOCOL_VERSION`, or why the panel refuses; the socket is closed then
 */
export async function connectToPanel(socket: ProtocolSocket, options: ConnectOptions): Promise<AgentSession> {
  const inbox = new Inbox(socket)
  const defaults = withDefaults(options)
  const cancelTimeout = defaults.timers.after(options.handshakeTimeoutMs ?? 15_000, () =>
    inbox.fail(failed('the panel did not answer in time')),
  )
  try {
    const proven = await shakeHands(socket, inbox, options, defaults)
    return openSession(socket, inbox, options, defaults, proven)
  } catch (error) {
    closeSocket(socket, CLOSE.handshake, error instanceof AppError ? error.message : 'the handshake failed')
    throw error
  } finally {
    cancelTimeout()
  }
}

interface Proven {
  readonly handshake: AgentHandshake
  readonly challenge: Challenge
  readonly hello: PanelHello
  readonly clockOffsetMs: number
}

async function shakeHands(
  socket: ProtocolSocket,
  inbox: Inbox,
  options: ConnectOptions,
  { freshness, minimumVersion }: LinkDefaults,
): Promise<Proven> {
  const handshake = new AgentHandshake(options.secret, freshness)
  const first = await inbox.next()
  const early = readRefusal(first)
  if (early) throw early
  const challenge = handshake.readChallenge(first)
  const protocol = refusing(socket, () => {
    const version = chooseVersion(challenge.protocol, minimumVersion)
    checkFeatures(version, challenge.features, options.requiredFeatures)
    return version
  })
  const time = Math.round(options.now())
  const said = options.hello()
  socket.send(
    handshake.prove(
      {
        protocol,
        node: options.node,
        keyId: options.keyId,
        agent: { version: options.agent.version },
        features: [...options.agent.features],
        time,
      },
      said,
    ),
  )
  const second = await inbox.next()
  const late = readRefusal(second)
  if (late) throw late
  const answer = handshake.readAnswer(second)
  if ('refused' in answer) throw errorFromBody(answer.refused)
  checkOutbox(options.outbox, said, answer.hello)
  return { handshake, challenge, hello: answer.hello, clockOffsetMs: offset(time, answer.clock, options.now()) }
}

/** Panel clock minus agent clock, from the four times of the exchange. */
function offset(sent: number, panel: Answer, received: number): number {
  return Math.round((panel.received - sent + (panel.sent - received)) / 2)
}

/** The panel knows events that this outbox has never had: it was restored from a copy and must not reuse their numbers. */
function checkOutbox(outbox: Outbox, said: AgentHello, hello: PanelHello): void {
  if (outbox.incarnation === said.incarnation && hello.storedSeq <= outbox.lastSeq) return
  if (outbox.incarnation === said.incarnation) outbox.renew?.()
  throw failed('the panel has stored newer events than the outbox holds; a new incarnation is needed')
}

function openSession(
  socket: ProtocolSocket,
  inbox: Inbox,
  options: ConnectOptions,
  { timers, heartbeatMs, maxCalls, maxPanelCalls, onFault }: LinkDefaults,
  { handshake, challenge, hello, clockOffsetMs }: Proven,
): AgentSession {
  const keys = handshake.keys()
  const events = new EventSender(options.outbox, hello.storedSeq, onFault)
  const ephemeral = new EphemeralQueue(timers, () => channel.pump())
  const channel: Channel = new Channel({
    socket,
    inbox,
    timers,
    heartbeatMs,
    sendKey: keys.agentToPanel,
    receiveKey: keys.panelToAgent,
    lanes: [events, ephemeral],
    onFault,
    onMessage(message) {
      switch (message.type) {
        case 'call':
          return server.onCall(message.id, message.method, message.params, message.deadlineMs)
        case 'cancel':
          return server.onCancel(message.id)
        case 'result':
          return asked(message.type).onResult(message.id, message.result)
        case 'error':
          return asked(message.type).onError(message.id, message.error)
        case 'ack':
          events.onAck(message.incarnation, message.seq)
          return events.flush(channel)
        default:
          throw violation(`an agent takes no ${message.type}`)
      }
    },
  })
  const server = new RpcServer({
    channel,
    methods: AGENT_METHODS,
    handlers: options.handlers,
    timers,
    maxCalls: maxCalls * 2,
    onFault,
  })
  const features = commonFeatures(options.agent.features, challenge.features)
  const caller = features.includes(PANEL_CALLS)
    ? new RpcCaller({ channel, methods: PANEL_METHODS, timers, maxCalls: maxPanelCalls })
    : undefined
  function asked(type: string): RpcCaller {
    if (!caller) throw violation(`an agent takes no ${type}`)
    return caller
  }
  channel.onClose(() => ephemeral.stop())
  const session: AgentSession = {
    hello,
    panel: challenge.panel,
    features,
    clockOffsetMs,
    async call<M extends PanelMethod>(method: M, params: unknown, callOptions?: CallOptions) {
      if (!caller) throw new AppError('METHOD_UNKNOWN', { method })
      return (await caller.call(method, params, callOptions)) as PanelResult<M>
    },
    emit(event) {
      if (!channel.isClosed) ephemeral.offer(event)
    },
    get isCongested() {
      return ephemeral.bytes + channel.bufferedAmount > MAX_BUFFERED_BYTES
    },
    isServerCongested: (server) => ephemeral.bytesOf(server) > MAX_BUFFERED_BYTES / 4,
    flushOutbox: () => events.flush(channel),
    close: (reason) => channel.close(CLOSE.normal, reason),
    closed: channel.closed,
  }
  enableDataSockets(session, keys.data, timers)
  channel.start()
  events.flush(channel)
  return session
}

/** Tells the panel why before it throws. */
function refusing<T>(socket: ProtocolSocket, check: () => T): T {
  try {
    return check()
  } catch (error) {
    if (error instanceof AppError) socket.send(encodeRefusal(error))
    throw error
  }
}
