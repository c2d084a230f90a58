import type { Socket } from 'node:net'

const DISCONNECT = 1
const TOO_MANY_CONNECTIONS = 12
const BLOCK_BYTES = 8
const CLOSE_MS = 5_000

/**
 * Ends a connection before anything was agreed on, with words that clients show: version and one DISCONNECT message in the
 * clear (RFC 4253, 4.2 and 11.1).
 */
export function refuseSocket(socket: Socket, ident: string, text: string): void {
  const message = Buffer.from(text)
  const payload = Buffer.alloc(13 + message.length)
  payload.writeUInt8(DISCONNECT, 0)
  payload.writeUInt32BE(TOO_MANY_CONNECTIONS, 1)
  payload.writeUInt32BE(message.length, 5)
  message.copy(payload, 9)
  const padding = BLOCK_BYTES + (BLOCK_BYTES - ((5 + payload.length) % BLOCK_BYTES))
  const packet = Buffer.alloc(5 + payload.length + padding)
  packet.writeUInt32BE(packet.length - 4, 0)
  packet.writeUInt8(padding, 4)
  payload.copy(packet, 5)
  socket.on('error', () => socket.destroy())
  socket.setTimeout(CLOSE_MS, () => socket.destroy())
  socket.resume()
  socket.end(Buffer.concat([Buffer.from(`SSH-2.0-${ident}\r\n`), packet]))
}
