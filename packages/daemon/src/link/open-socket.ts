import { MAX_FRAME_BYTES, protocolSocket, type ProtocolSocket } from '@hatchery/core/protocol'
import { WebSocket } from 'ws'

const OPEN_TIMEOUT_MS = 15_000

/** Opens the agent's socket to the panel. The request names the node and proves nothing (RULES 11). */
export function openSocket(url: URL, signal: AbortSignal): Promise<ProtocolSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, {
      perMessageDeflate: false,
      maxPayload: MAX_FRAME_BYTES,
      handshakeTimeout: OPEN_TIMEOUT_MS,
      followRedirects: false,
    })
    const giveUp = () => socket.terminate()
    signal.addEventListener('abort', giveUp, { once: true })
    const settle = () => signal.removeEventListener('abort', giveUp)
    socket.once('open', () => {
      settle()
      socket.off('error', fail)
      resolve(protocolSocket(socket))
    })
    const fail = (error: Error) => {
      settle()
      reject(error)
    }
    socket.once('error', fail)
    if (signal.aborted) giveUp()
  })
}
