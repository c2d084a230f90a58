import { AppError, errorFromBody } from '../errors/index.ts'
import { closeSocket } from './channel.ts'
import type { CreditBudget } from './credit-budget.ts'
import { FrameOpener, FrameSealer } from './frame-cipher.ts'
import type { Inbox } from './inbox.ts'
import { MAX_BUFFERED_BYTES } from './send-scheduler.ts'
import type { ProtocolSocket } from './session.ts'
import type { Timers } from './timers.ts'
import { CLOSE, MAX_FRAGMENT_BYTES, MAX_FRAME_BYTES, parseObject, readErrorBody, violation } from './wire.ts'

export interface DataStreamOptions {
  /** Most bytes that are under way and in memory at the receiver. @default 1 MiB */
  readonly windowBytes?: number
  /** Shared limits beside the session's own, such as one per user. */
  readonly budgets?: readonly CreditBudget[]
}

/** First byte of each message of a data socket. */
export const DATA = { start: 1, credit: 2, bytes: 3, end: 4, done: 5, error: 6 } as const
const MAX_CHUNK_BYTES = MAX_FRAGMENT_BYTES - 1
const POLL_MS = 4

/**
 * One stream of bytes in one direction over a socket of its own. One side calls {@link send}, the other {@link receive}; a
 * byte is on its way only when the receiver's consumer has room for it. After a lost connection a new stream goes on from
 * {@link offset}.
 */
export class DataStream implements AsyncDisposable {
  readonly closed: Promise<string>
  readonly #socket: ProtocolSocket
  readonly #sealer: FrameSealer
  readonly #opener: FrameOpener
  readonly #timers: Timers
  readonly #budgets: readonly CreditBudget[]
  readonly #windowBytes: number
  readonly #ended = new AbortController()
  readonly #chunks: Uint8Array[] = []
  #role: 'idle' | 'sender' | 'receiver' = 'idle'
  #offset = 0
  /** Sender: where the receiver wants to begin. */
  #start: number | undefined
  /** Absolute offset up to which bytes may be sent. */
  #limit = 0
  #received = 0
  #total: number | undefined
  #isDone = false
  #error: AppError | undefined
  #wake: (() => void) | undefined
  #settle!: (reason: string) => void

  constructor(
    socket: ProtocolSocket,
    inbox: Inbox,
    keys: { readonly send: Uint8Array; readonly receive: Uint8Array },
    timers: Timers,
    budgets: readonly CreditBudget[],
    options: DataStreamOptions,
  ) {
    this.#socket = socket
    this.#sealer = new FrameSealer(keys.send)
    this.#opener = new FrameOpener(keys.receive)
    this.#timers = timers
    this.#budgets = budgets
    this.#windowBytes = options.windowBytes ?? 1024 * 1024
    this.closed = new Promise((resolve) => {
      this.#settle = resolve
    })
    inbox.handOver(
      (data) => this.#onFrame(data),
      (reason) => this.#end(reason),
    )
  }

  /** The next byte that the receiver's consumer wants, or the sender has not sent. */
  get offset(): number {
    return this.#offset
  }

  /**
   * Sends what the source gives from the offset that the receiver asks for.
   * @returns the offset at the end, once the receiver's consumer has taken everything
   * @throws AppError what the receiver refused with, or `CONNECTION_LOST`
   */
  async send(source: (offset: number, signal: AbortSignal) => AsyncIterable<Uint8Array>): Promise<number> {
    this.#take('sender')
    await this.#until(() => this.#start !== undefined)
    this.#offset = this.#start ?? 0
    try {
      for await (const piece of source(this.#offset, this.#ended.signal)) await this.#sendPiece(piece)
    } catch (error) {
      if (!this.#error) this.#refuse(error)
      throw this.#error ?? error
    }
    this.#write(DATA.end, counterBytes(this.#offset))
    await this.#until(() => this.#isDone)
    this.close('done')
    return this.#offset
  }

  /**
   * The bytes from an offset on. Asking for the next piece says that the one before has been used up; leaving the loop cancels
   * the stream.
   * @throws AppError what the source failed with, or `CONNECTION_LOST`
   */
  async *receive(offset = 0): AsyncGenerator<Uint8Array, void, undefined> {
    this.#take('receiver')
    this.#offset = this.#received = offset
    const window = await this.#reserveWindow()
    try {
      this.#write(DATA.start, counterBytes(offset))
      this.#grant(offset + window.bytes)
      for (;;) {
        await this.#until(() => this.#chunks.length > 0 || this.#total !== undefined)
        const chunk = this.#chunks.shift()
        if (!chunk) break
        yield chunk
        this.#offset += chunk.length
        if (this.#limit - this.#offset <= window.bytes / 2) this.#grant(this.#offset + window.bytes)
      }
      this.#isDone = true
      this.#write(DATA.done)
      await this.#drained()
      this.close('done')
    } finally {
      window.release()
      if (!this.#isDone && !this.#error) this.#refuse(new AppError('CANCELLED'))
    }
  }

  close(reason: string): void {
    if (this.#ended.signal.aborted) return
    this.#end(reason)
    closeSocket(this.#socket, CLOSE.normal, reason)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close('not needed any more')
    await this.closed
  }

  #take(role: 'sender' | 'receiver'): void {
    if (this.#role !== 'idle') throw new TypeError('a data stream is used once, in one direction')
    this.#role = role
  }

  async #sendPiece(piece: Uint8Array): Promise<void> {
    for (let at = 0; at < piece.length;) {
      await this.#until(() => this.#limit > this.#offset)
      await this.#drained()
      if (this.#error) throw this.#error
      const size = Math.min(piece.length - at, MAX_CHUNK_BYTES, this.#limit - this.#offset)
      this.#write(DATA.bytes, piece.subarray(at, at + size))
      at += size
      this.#offset += size
    }
  }

  async #drained(): Promise<void> {
    while (!this.#error && this.#socket.bufferedAmount + MAX_FRAME_BYTES > MAX_BUFFERED_BYTES) {
      await new Promise<void>((resolve) => void this.#timers.after(POLL_MS, resolve))
    }
  }

  async #reserveWindow(): Promise<{ readonly bytes: number; release(): void }> {
    let bytes = this.#windowBytes
    const held: (() => void)[] = []
    for (const budget of this.#budgets) {
      const got = await budget.reserve(bytes, this.#ended.signal)
      held.push(() => budget.release(got))
      bytes = Math.min(bytes, got)
    }
    return {
      bytes,
      release: () => {
        for (const release of held.splice(0)) release()
      },
    }
  }

  #grant(limit: number): void {
    this.#limit = limit
    this.#write(DATA.credit, counterBytes(limit))
  }

  #write(kind: number, body: Uint8Array = new Uint8Array()): void {
    if (this.#ended.signal.aborted) return
    const payload = Buffer.allocUnsafe(1 + body.length)
    payload[0] = kind
    payload.set(body, 1)
    this.#socket.send(this.#sealer.seal({ message: 0, isFirst: true, isLast: true, payload }))
  }

  /** Tells the other side why this one stops, and ends. */
  #refuse(error: unknown): void {
    const told = error instanceof AppError ? error : new AppError('INTERNAL')
    this.#write(DATA.error, Buffer.from(JSON.stringify({ code: told.code, message: told.message.slice(0, 2000) })))
    this.#error = told
    this.close('stopped')
  }

  #onFrame(data: Uint8Array): void {
    if (this.#ended.signal.aborted) return
    try {
      const { payload, isFirst, isLast, message } = this.#opener.open(data)
      if (!isFirst || !isLast || message !== 0) throw violation('a data socket has no fragments')
      this.#onMessage(payload[0] ?? 0, payload.subarray(1))
    } catch (error) {
      this.#error = error instanceof AppError ? error : violation('a data frame could not be handled', { cause: error })
      this.#end(this.#error.message)
      closeSocket(this.#socket, CLOSE.violation, this.#error.message)
    }
    this.#wake?.()
  }

  #onMessage(kind: number, body: Uint8Array): void {
    const isReceiving = this.#role === 'receiver'
    if (kind === DATA.error) throw errorFromBody(readErrorBody(parseObject(body)))
    if (kind === DATA.start && !isReceiving && this.#start === undefined) this.#start = readCounter(body)
    else if (kind === DATA.credit && !isReceiving) this.#limit = Math.max(this.#limit, readCounter(body))
    else if (kind === DATA.done && !isReceiving) this.#isDone = true
    else if (kind === DATA.bytes && isReceiving && this.#total === undefined) this.#onBytes(body)
    else if (kind === DATA.end && isReceiving && readCounter(body) === this.#received) this.#total = this.#received
    else throw violation('a data message does not belong here')
  }

  #onBytes(body: Uint8Array): void {
    this.#received += body.length
    if (body.length === 0 || this.#received > this.#limit) throw violation('more bytes came than were granted')
    this.#chunks.push(body)
  }

  /** Waits until something is true; what has arrived is used up before an error counts. */
  async #until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) {
      if (this.#error) throw this.#error
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  #end(reason: string): void {
    if (this.#ended.signal.aborted) return
    this.#error ??= new AppError('CONNECTION_LOST', { method: 'data stream' })
    this.#ended.abort(this.#error)
    this.#wake?.()
    this.#settle(reason)
  }
}

function counterBytes(value: number): Uint8Array {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}

function readCounter(body: Uint8Array): number {
  if (body.length !== 8) throw violation('an offset has eight bytes')
  const value = new DataView(body.buffer, body.byteOffset, 8).getBigUint64(0)
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw violation('an offset is too large')
  return Number(value)
}
