import type { ProtocolSocket } from './session.ts'
import { CLOSE } from './wire.ts'

/** What a browser's `WebSocket` and the one of `ws` have in common. */
export interface WebSocketLike {
  binaryType: string
  readonly bufferedAmount: number
  readonly readyState: number
  send(data: Uint8Array): void
  close(code?: number, reason?: string): void
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void
  addEventListener(type: 'close', listener: (event: { code: number; reason: string }) => void): void
  addEventListener(type: 'error', listener: (event: unknown) => void): void
}

const OPEN = 1

/**
 * Makes a protocol socket of an open WebSocket. Call it in the same tick in which the socket opened: messages that come before
 * the protocol listens are kept. Set the library's payload limit to `MAX_FRAME_BYTES` and switch compression off.
 * @example acceptAgent(protocolSocket(ws), node, options)
 */
export function protocolSocket(socket: WebSocketLike): ProtocolSocket {
  const early: Uint8Array[] = []
  let end: { readonly code: number; readonly reason: string } | undefined
  let onMessage: ((data: Uint8Array) => void) | undefined
  let onClose: ((code: number, reason: string) => void) | undefined
  socket.binaryType = 'arraybuffer'
  socket.addEventListener('message', ({ data }) => {
    if (!(data instanceof ArrayBuffer)) return socket.close(CLOSE.violation, 'only binary messages are understood')
    const bytes = new Uint8Array(data)
    if (onMessage) onMessage(bytes)
    else early.push(bytes)
  })
  socket.addEventListener('close', ({ code, reason }) => {
    end = { code, reason }
    onClose?.(code, reason)
  })
  // A failed socket also closes, and that is where it is handled; without a listener `ws` would throw.
  socket.addEventListener('error', () => {})
  return {
    get bufferedAmount() {
      return socket.bufferedAmount
    },
    send(data) {
      if (socket.readyState === OPEN) socket.send(data)
    },
    close: (code, reason) => socket.close(code, reason),
    onMessage(listener) {
      onMessage = listener
      for (const data of early.splice(0)) listener(data)
    },
    onClose(listener) {
      onClose = listener
      if (end) listener(end.code, end.reason)
    },
  }
}
