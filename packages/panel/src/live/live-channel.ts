import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Context } from '../context.ts'

export interface LiveChannel {
  start(): void
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  close(): Promise<void>
}

export function createLiveChannel(_ctx: Context): LiveChannel {
  return {
    start() {},
    handleUpgrade(_request, socket) {
      socket.destroy()
    },
    async close() {},
  }
}
