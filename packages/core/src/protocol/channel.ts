import { AppError } from '../errors/index.ts'
import { FrameOpener, FrameSealer } from './frame-cipher.ts'
import type { Inbox } from './inbox.ts'
import { Reassembly } from './reassembly.ts'
import { SendScheduler, type Lane } from './send-scheduler.ts'
import type { ProtocolSocket } from './session.ts'
import type { Timers } from './timers.ts'
import {
  CLOSE,
  MAX_FRAGMENT_BYTES,
  MAX_MESSAGE_BYTES,
  decodeMessage,
  encodeMessage,
  type ControlMessage,
} from './wire.ts'

export interface ChannelOptions {
  readonly socket: ProtocolSocket
  readonly inbox: Inbox
  readonly sendKey: Uint8Array
  readonly receiveKey: Uint8Array
  readonly timers: Timers
  /** A ping goes out this often; three times this long without a frame, and the other side counts as dead. */
  readonly heartbeatMs: number
  /** Lanes behind the control messages, most important first. */
  readonly lanes: readonly Lane[]
  onMessage(message: ControlMessage): void
  /** Told about everything that is thrown and is no AppError. */
  onFault(error: unknown, where: string): void
}

const SILENT_BEATS = 3
/** Bytes that wait to be sent as control messages; beyond this the other side does not read. */
const MAX_QUEUED_BYTES = 64 * 1024 * 1024

/** An encrypted connection after the handshake: messages in both directions, heartbeats, one end. */
export class Channel {
  readonly closed: Promise<string>
  readonly #options: ChannelOptions
  readonly #opener: FrameOpener
  readonly #reassembly = new Reassembly()
  readonly #scheduler: SendScheduler
  readonly #small: Uint8Array[] = []
  readonly #large: Uint8Array[] = []
  readonly #onClose: ((reason: string) => void)[] = []
  #queuedBytes = 0
  #silentBeats = 0
  #cancelBeat: (() => void) | undefined
  #endReason: string | undefined
  #settle!: (reason: string) => void

  constructor(options: ChannelOptions) {
    this.#options = options
    this.closed = new Promise((resolve) => {
      this.#settle = resolve
    })
    this.#opener = new FrameOpener(options.receiveKey)
    const lanes: readonly Lane[] = [
      { next: () => this.#take(this.#small) },
      { next: () => this.#take(this.#large) },
      ...options.lanes,
    ]
    this.#scheduler = new SendScheduler(options.socket, new FrameSealer(options.sendKey), lanes, options.timers)
  }

  get isClosed(): boolean {
    return this.#endReason !== undefined
  }

  /** Bytes of control messages that wait. */
  get queuedBytes(): number {
    return this.#queuedBytes
  }

  get bufferedAmount(): number {
    return this.#options.socket.bufferedAmount
  }

  /** Starts to read and to beat. */
  start(): void {
    this.#beat()
    this.#options.inbox.handOver(
      (data) => this.#receive(data),
      (reason) => this.close(CLOSE.normal, reason),
    )
  }

  /**
   * Queues a control message. One that fits a frame overtakes those that do not, unless `isOrdered`.
   * @returns false if the message is too large to be sent
   */
  send(message: ControlMessage, isOrdered = false): boolean {
    if (this.isClosed) return true
    const bytes = encodeMessage(message)
    if (bytes.length > MAX_MESSAGE_BYTES) return false
    const queue = isOrdered || bytes.length > MAX_FRAGMENT_BYTES ? this.#large : this.#small
    queue.push(bytes)
    this.#queuedBytes += bytes.length
    if (this.#queuedBytes > MAX_QUEUED_BYTES) this.close(CLOSE.lost, 'the other side does not read')
    else this.pump()
    return true
  }

  /** Sends what the lanes have, as far as the socket takes it. */
  pump(): void {
    if (this.isClosed) return
    try {
      this.#scheduler.pump()
    } catch (cause) {
      this.fail(cause)
    }
  }

  /** Called once at the end; at once if it has come already. */
  onClose(listener: (reason: string) => void): void {
    if (this.#endReason === undefined) this.#onClose.push(listener)
    else listener(this.#endReason)
  }

  close(code: number, reason: string): void {
    if (this.isClosed) return
    this.#end(reason)
    closeSocket(this.#options.socket, code, reason)
  }

  /** Closes because something was thrown; only an AppError is told to the other side. */
  fail(cause: unknown): void {
    if (this.isClosed) return
    if (cause instanceof AppError) return this.close(CLOSE.violation, cause.message)
    this.#options.onFault(cause, 'connection')
    this.close(CLOSE.failed, 'the connection failed')
  }

  #take(queue: Uint8Array[]): Uint8Array | undefined {
    const bytes = queue.shift()
    if (bytes) this.#queuedBytes -= bytes.length
    return bytes
  }

  #receive(data: Uint8Array): void {
    if (this.isClosed) return
    this.#silentBeats = 0
    try {
      const bytes = this.#reassembly.add(this.#opener.open(data))
      const message = bytes && decodeMessage(bytes)
      if (!message || message.type === 'pong') return
      if (message.type === 'ping') this.send({ type: 'pong' })
      else this.#options.onMessage(message)
    } catch (cause) {
      this.fail(cause)
    }
  }

  #beat(): void {
    this.#cancelBeat = this.#options.timers.after(this.#options.heartbeatMs, () => {
      this.#silentBeats++
      if (this.#silentBeats > SILENT_BEATS) return this.close(CLOSE.lost, 'the other side does not answer')
      this.send({ type: 'ping' })
      if (!this.isClosed) this.#beat()
    })
  }

  #end(reason: string): void {
    if (this.isClosed) return
    this.#endReason = reason
    this.#cancelBeat?.()
    this.#scheduler.stop()
    this.#small.length = 0
    this.#large.length = 0
    for (const listener of this.#onClose.splice(0)) listener(reason)
    this.#settle(reason)
  }
}

/** Closes with a reason that fits a WebSocket close frame. */
export function closeSocket(socket: ProtocolSocket, code: number, reason: string): void {
  const bytes = Buffer.from(reason)
  socket.close(
    code,
    bytes.length <= 120
      ? reason
      : bytes
          .subarray(0, 117)
          .toString('utf8')
          .replace(/\uFFFD+$/, '') + '…',
  )
}
