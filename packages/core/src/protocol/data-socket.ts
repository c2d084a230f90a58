import { randomBytes } from 'node:crypto'
import { AppError } from '../errors/index.ts'
import { closeSocket } from './channel.ts'
import { CreditBudget } from './credit-budget.ts'
import {
  TICKET_BYTES,
  acceptWithKey,
  dataKeys,
  keysWithKey,
  openMessage,
  proveOpen,
  readOpen,
  statedTicket,
  ticketKey,
} from './data-handshake.ts'
import { DataStream, type DataStreamOptions } from './data-stream.ts'
import { failed } from './handshake.ts'
import { Inbox } from './inbox.ts'
import type { AgentSession, PanelSession, ProtocolSocket } from './session.ts'
import { systemTimers, type Timers } from './timers.ts'
import { CLOSE } from './wire.ts'

const TICKET_LIFETIME_MS = 60_000
const HANDSHAKE_TIMEOUT_MS = 10_000
/** Bytes that all streams of one session may hold in memory. */
const SESSION_CREDIT_BYTES = 16 * 1024 * 1024

/** A ticket with its key: whoever has both takes the data socket, and nothing else of the session. */
export interface LentTicket {
  readonly id: string
  /** Hexadecimal; as secret as what will travel. */
  readonly key: string
}

export interface DataTicket {
  /** Travels to the agent in a call; it proves nothing by itself and works once. */
  readonly id: string
  /** The stream, when the agent has opened it; rejects when the ticket expires or the session ends. */
  readonly opened: Promise<DataStream>
  cancel(): void
}

export interface DataSocketOptions extends DataStreamOptions {
  readonly randomBytes?: (size: number) => Uint8Array
}

interface OpenTicket {
  readonly options: DataStreamOptions
  readonly resolve: (stream: DataStream) => void
  readonly reject: (error: AppError) => void
}

interface DataSide {
  readonly root: Uint8Array
  readonly timers: Timers
  readonly budget: CreditBudget
  readonly tickets: Map<string, OpenTicket>
  readonly streams: Set<DataStream>
  isClosed: boolean
}

const sides = new WeakMap<object, DataSide>()

/** Gives a session its data sockets; they end with it. */
export function enableDataSockets(
  session: { readonly closed: Promise<string> },
  root: Uint8Array,
  timers: Timers,
): void {
  const side = newSide(root, timers)
  sides.set(session, side)
  void session.closed.then(() => endSide(side))
}

function newSide(root: Uint8Array, timers: Timers): DataSide {
  return {
    root,
    timers,
    budget: new CreditBudget(SESSION_CREDIT_BYTES),
    tickets: new Map(),
    streams: new Set(),
    isClosed: false,
  }
}

function endSide(side: DataSide): void {
  side.isClosed = true
  for (const ticket of side.tickets.values()) ticket.reject(lost())
  side.tickets.clear()
  for (const stream of side.streams) stream.close('the session has ended')
}

/** Makes a ticket for one data socket of this session, good for a minute. The options are those of the stream to come. */
export function createDataTicket(session: PanelSession, options: DataStreamOptions = {}): DataTicket {
  return addTicket(sideOf(session), randomBytes(TICKET_BYTES).toString('hex'), options)
}

function addTicket(side: DataSide, id: string, options: DataStreamOptions): DataTicket {
  const { promise, resolve, reject } = Promise.withResolvers<DataStream>()
  // The caller may still be waiting for the call that carries the ticket when it expires.
  promise.catch(() => {})
  const give = (error: AppError) => {
    side.tickets.delete(id)
    cancelTimer()
    reject(error)
  }
  const cancelTimer = side.timers.after(TICKET_LIFETIME_MS, () =>
    give(new AppError('DEADLINE_EXCEEDED', { method: 'data stream', deadlineMs: TICKET_LIFETIME_MS })),
  )
  const settle = (stream: DataStream) => {
    cancelTimer()
    resolve(stream)
  }
  if (side.isClosed) give(lost())
  else side.tickets.set(id, { options, resolve: settle, reject: give })
  return { id, opened: promise, cancel: () => give(new AppError('CANCELLED')) }
}

/** Makes a ticket for a data socket that another process of the panel takes, see {@link BorrowedTickets}. */
export function lendDataTicket(session: PanelSession): LentTicket {
  const side = sideOf(session)
  if (side.isClosed) throw lost()
  const ticket = randomBytes(TICKET_BYTES)
  return { id: ticket.toString('hex'), key: Buffer.from(ticketKey(side.root, ticket)).toString('hex') }
}

/** Data sockets of sessions that another process of the panel holds: it lends tickets, and the bytes come here. */
export class BorrowedTickets {
  readonly #side: DataSide
  readonly #keys = new Map<string, Uint8Array>()

  constructor(timers: Timers = systemTimers) {
    this.#side = newSide(new Uint8Array(), timers)
  }

  borrow({ id, key }: LentTicket, options: DataStreamOptions = {}): DataTicket {
    this.#keys.set(id, Buffer.from(key, 'hex'))
    const ticket = addTicket(this.#side, id, options)
    const forget = () => this.#keys.delete(id)
    ticket.opened.then(forget, forget)
    return ticket
  }

  /** @throws AppError `HANDSHAKE_FAILED` if the ticket was not borrowed, or used before */
  async accept(socket: ProtocolSocket): Promise<DataStream> {
    return shakeHands(socket, this.#side, async (inbox) => {
      const open = await inbox.next()
      const id = Buffer.from(statedTicket(open)).toString('hex')
      const key = this.#keys.get(id)
      if (!key) throw failed('the ticket is unknown, used or expired')
      proveOpen(key, open)
      return acceptOpen(socket, inbox, this.#side, { id, key, open }, {})
    })
  }

  /** Ends what is open. */
  close(): void {
    endSide(this.#side)
  }
}

/**
 * The panel's end of a data socket that the agent has opened; it settles the ticket as well.
 * @throws AppError `HANDSHAKE_FAILED` if the ticket is not one of this session's or was used before
 */
export async function acceptDataStream(
  socket: ProtocolSocket,
  session: PanelSession,
  options: DataSocketOptions = {},
): Promise<DataStream> {
  const side = sideOf(session)
  return shakeHands(socket, side, async (inbox) => {
    const open = await inbox.next()
    const ticket = readOpen(side.root, open)
    const key = ticketKey(side.root, ticket)
    return acceptOpen(socket, inbox, side, { id: Buffer.from(ticket).toString('hex'), key, open }, options)
  })
}

/** Answers an open message that was proved, and settles its ticket. */
function acceptOpen(
  socket: ProtocolSocket,
  inbox: Inbox,
  side: DataSide,
  { id, key, open }: { readonly id: string; readonly key: Uint8Array; readonly open: Uint8Array },
  options: DataSocketOptions,
): DataStream {
  const waiting = side.tickets.get(id)
  if (!waiting) throw failed('the ticket is unknown, used or expired')
  side.tickets.delete(id)
  const accept = acceptWithKey(key, open, (options.randomBytes ?? randomBytes)(32))
  const keys = keysWithKey(key, open, accept)
  socket.send(accept)
  const both = { ...options, ...waiting.options }
  const stream = openStream(socket, inbox, side, both, { send: keys.panelToAgent, receive: keys.agentToPanel })
  waiting.resolve(stream)
  return stream
}

/**
 * The agent's end: a socket that it has opened for a ticket of the panel.
 * @throws AppError `HANDSHAKE_FAILED`
 */
export async function openDataStream(
  socket: ProtocolSocket,
  session: AgentSession,
  ticketId: string,
  options: DataSocketOptions = {},
): Promise<DataStream> {
  const side = sideOf(session)
  return shakeHands(socket, side, async (inbox) => {
    const ticket = Buffer.from(ticketId, 'hex')
    if (ticket.length !== TICKET_BYTES) throw failed('the ticket is not well formed')
    const open = openMessage(side.root, ticket, (options.randomBytes ?? randomBytes)(32))
    socket.send(open)
    const keys = dataKeys(side.root, open, await inbox.next())
    return openStream(socket, inbox, side, options, { send: keys.agentToPanel, receive: keys.panelToAgent })
  })
}

async function shakeHands(
  socket: ProtocolSocket,
  side: DataSide,
  body: (inbox: Inbox) => Promise<DataStream>,
): Promise<DataStream> {
  const inbox = new Inbox(socket)
  const cancelTimeout = side.timers.after(HANDSHAKE_TIMEOUT_MS, () => inbox.fail(failed('no answer in time')))
  try {
    if (side.isClosed) throw lost()
    return await body(inbox)
  } catch (error) {
    closeSocket(socket, CLOSE.handshake, error instanceof AppError ? error.message : 'the handshake failed')
    throw error
  } finally {
    cancelTimeout()
  }
}

function openStream(
  socket: ProtocolSocket,
  inbox: Inbox,
  side: DataSide,
  options: DataSocketOptions,
  keys: { readonly send: Uint8Array; readonly receive: Uint8Array },
): DataStream {
  const stream = new DataStream(socket, inbox, keys, side.timers, [side.budget, ...(options.budgets ?? [])], options)
  side.streams.add(stream)
  void stream.closed.then(() => side.streams.delete(stream))
  return stream
}

function sideOf(session: object): DataSide {
  const side = sides.get(session)
  if (!side) throw new TypeError('this session was not opened by the protocol')
  return side
}

const lost = () => new AppError('CONNECTION_LOST', { method: 'data stream' })
