import { FrameSealer } from './frame-cipher.ts'
import type { ProtocolSocket } from './session.ts'
import type { Timers } from './timers.ts'
import { MAX_FRAGMENT_BYTES, MAX_FRAME_BYTES } from './wire.ts'

/** The socket never holds more than this many bytes that have not left. */
export const MAX_BUFFERED_BYTES = 256 * 1024
const POLL_MS = 4

/** Where messages of one importance wait. Earlier lanes go first, between any two frames. */
export interface Lane {
  /** Sends only while the socket holds fewer bytes than this. @default MAX_BUFFERED_BYTES */
  readonly bufferLimit?: number
  /** The next message, or undefined when none is ready. */
  next(): Uint8Array | undefined
}

interface LaneState {
  readonly lane: Lane
  readonly limit: number
  current: { readonly message: number; readonly bytes: Uint8Array; offset: number } | undefined
}

/** Decides what goes next on the socket. A frame gets its counter only when it is sent. */
export class SendScheduler {
  readonly #socket: ProtocolSocket
  readonly #timers: Timers
  readonly #sealer: FrameSealer
  readonly #lanes: readonly LaneState[]
  #nextMessage = 0
  #cancelPoll: (() => void) | undefined
  #isPumping = false
  #isStopped = false

  constructor(socket: ProtocolSocket, sealer: FrameSealer, lanes: readonly Lane[], timers: Timers) {
    this.#socket = socket
    this.#timers = timers
    this.#sealer = sealer
    this.#lanes = lanes.map((lane) => ({
      lane,
      limit: Math.min(lane.bufferLimit ?? MAX_BUFFERED_BYTES, MAX_BUFFERED_BYTES),
      current: undefined,
    }))
  }

  /** Sends what the socket takes; the rest follows by itself when the socket has drained. */
  pump(): void {
    if (this.#isStopped || this.#isPumping) return
    this.#isPumping = true
    try {
      let outcome = this.#sendOne()
      while (outcome === 'sent') outcome = this.#sendOne()
      if (outcome === 'blocked' && !this.#isStopped) this.#poll()
    } finally {
      this.#isPumping = false
    }
  }

  stop(): void {
    this.#isStopped = true
    this.#cancelPoll?.()
    this.#cancelPoll = undefined
  }

  #poll(): void {
    this.#cancelPoll ??= this.#timers.after(POLL_MS, () => {
      this.#cancelPoll = undefined
      this.pump()
    })
  }

  #sendOne(): 'sent' | 'blocked' | 'idle' {
    const room = this.#socket.bufferedAmount + MAX_FRAME_BYTES
    let outcome: 'blocked' | 'idle' = 'idle'
    for (const state of this.#lanes) {
      if (this.#isStopped) return 'idle'
      if (room > state.limit) {
        // Whether the lane has something is only known by taking it, so a full socket counts as blocked.
        outcome = 'blocked'
        continue
      }
      state.current ??= this.#begin(state.lane)
      if (!state.current) continue
      this.#sendFragment(state, state.current)
      return 'sent'
    }
    return outcome
  }

  #begin(lane: Lane): LaneState['current'] {
    const bytes = lane.next()
    if (!bytes) return undefined
    const message = this.#nextMessage
    this.#nextMessage = (this.#nextMessage + 1) >>> 0
    return { message, bytes, offset: 0 }
  }

  #sendFragment(state: LaneState, current: NonNullable<LaneState['current']>): void {
    const { message, bytes, offset } = current
    const end = Math.min(offset + MAX_FRAGMENT_BYTES, bytes.length)
    const isLast = end === bytes.length
    if (isLast) state.current = undefined
    else current.offset = end
    this.#socket.send(
      this.#sealer.seal({ message, isFirst: offset === 0, isLast, payload: bytes.subarray(offset, end) }),
    )
  }
}
