/** Prints what the protocol costs on this machine: node --conditions=@hatchery/source prove/protocol/measure.ts */
import { createServer } from 'node:http'
import type { ProtocolSocket } from '../../packages/core/src/protocol/session.ts'
import { acceptAgent } from '../../packages/core/src/protocol/accept-agent.ts'
import { connectToPanel } from '../../packages/core/src/protocol/connect-to-panel.ts'
import { acceptDataStream, createDataTicket, openDataStream } from '../../packages/core/src/protocol/data-socket.ts'
import { FrameOpener, FrameSealer } from '../../packages/core/src/protocol/frame-cipher.ts'
import { memoryOutbox } from '../../packages/core/src/protocol/memory-outbox.ts'
import { socketPair } from '../../packages/core/src/protocol/socket-pair.ts'
import { NODE, SERVER, acceptOptions, connectOptions } from '../../packages/core/src/protocol/test-link.ts'
import { protocolSocket, type WebSocketLike } from '../../packages/core/src/protocol/web-socket.ts'
import { MAX_FRAGMENT_BYTES, MAX_FRAME_BYTES } from '../../packages/core/src/protocol/wire.ts'

const SECONDS = 2
const print = (what: string, value: number, unit: string) =>
  console.log(`${what.padEnd(58)} ${Math.round(value).toLocaleString('en').padStart(10)} ${unit}`)

async function rate(body: () => Promise<number> | number): Promise<number> {
  const begin = performance.now()
  let count = 0
  while (performance.now() - begin < SECONDS * 1000) count += await body()
  return count / ((performance.now() - begin) / 1000)
}

async function measureFrames(bytes: number): Promise<void> {
  const key = new Uint8Array(32).fill(1)
  const sealer = new FrameSealer(key)
  const opener = new FrameOpener(key)
  const payload = new Uint8Array(bytes)
  const frames = await rate(() => {
    for (let count = 0; count < 100; count++) {
      opener.open(sealer.seal({ message: 0, isFirst: true, isLast: true, payload }))
    }
    return 100
  })
  print(`seal and open frames of ${bytes} bytes`, frames, 'frames/s')
  print('', (frames * bytes) / 1e6, 'MB/s')
}

type Pair = () => Promise<{ readonly a: ProtocolSocket; readonly b: ProtocolSocket }>

async function measureLink(name: string, openPair: Pair): Promise<void> {
  const outbox = memoryOutbox()
  let lines = 0
  let onLines = () => {}
  let stored = 0
  let onStored = () => {}
  const { a, b } = await openPair()
  const [panel, agent] = await Promise.all([
    acceptAgent(
      a,
      NODE,
      acceptOptions({
        handlers: () => ({
          async onEvents(events) {
            stored += events.length
            onStored()
          },
          onEphemeral(event) {
            if (event.name === 'console') lines += event.data.lines.length
            onLines()
          },
        }),
      }),
    ),
    connectToPanel(
      b,
      connectOptions({ outbox, handlers: { 'server.stats': async () => ({ state: 'offline', stats: null }) } }),
    ),
  ])
  const call = () => panel.call('server.stats', { server: SERVER })
  print(`${name}: calls, one after the other`, await rate(() => call().then(() => 1)), 'calls/s')
  print(
    `${name}: calls, 64 at once`,
    await rate(() => Promise.all(Array.from({ length: 64 }, call)).then(() => 64)),
    'calls/s',
  )

  const batch = Array.from({ length: 1000 }, (_, line) => ({
    run: 1,
    line,
    at: 0,
    kind: 'out' as const,
    text: 'x'.repeat(80),
  }))
  const perSecond = await rate(async () => {
    const goal = lines + batch.length
    agent.emit({ name: 'console', data: { server: SERVER, lines: batch } })
    await new Promise<void>((resolve) => (onLines = () => lines >= goal && resolve()))
    return batch.length
  })
  print(`${name}: console, 1,000 lines a tick of 15 ms`, perSecond, 'lines/s')

  const events = await rate(async () => {
    const goal = stored + 1000
    for (let count = 0; count < 1000; count++) outbox.append({ name: 'lost', data: { count, at: 0 } }, 0)
    agent.flushOutbox()
    await new Promise<void>((resolve) => (onStored = () => stored >= goal && resolve()))
    return 1000
  })
  print(`${name}: durable events`, events, 'events/s')

  const ticket = createDataTicket(panel)
  const data = await openPair()
  const [receiver, sender] = await Promise.all([
    acceptDataStream(data.a, panel),
    openDataStream(data.b, agent, ticket.id),
  ])
  const piece = new Uint8Array(MAX_FRAGMENT_BYTES - 1)
  const total = 256 * 1024 * 1024
  const begin = performance.now()
  const sent = sender.send(async function* () {
    for (let bytes = 0; bytes < total; bytes += piece.length) yield piece
  })
  let received = 0
  for await (const chunk of receiver.receive()) received += chunk.length
  await sent
  print(`${name}: data stream`, received / 1e6 / ((performance.now() - begin) / 1000), 'MB/s')
  panel.close('measured')
  agent.close('measured')
}

/** A pair of real WebSockets on loopback, if the `ws` library is installed. */
async function webSockets(): Promise<{ readonly open: Pair; close(): void } | undefined> {
  const name: string = 'ws'
  const library = (await import(name).catch(() => undefined)) as WsLibrary | undefined
  if (!library) return undefined
  const server = createServer()
  const accept = new library.WebSocketServer({ server, maxPayload: MAX_FRAME_BYTES, perMessageDeflate: false })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    close: () => server.close(),
    async open() {
      const accepted = new Promise<ProtocolSocket>((resolve) =>
        accept.once('connection', (socket) => resolve(protocolSocket(socket))),
      )
      const client = new library.WebSocket(`ws://127.0.0.1:${port}`, {
        perMessageDeflate: false,
        maxPayload: MAX_FRAME_BYTES,
      })
      const b = protocolSocket(client)
      const [a] = await Promise.all([accepted, new Promise<void>((resolve) => client.once('open', resolve))])
      return { a, b }
    },
  }
}

interface WsLibrary {
  readonly WebSocket: new (
    url: string,
    options: object,
  ) => WebSocketLike & { once(name: 'open', listener: () => void): void }
  readonly WebSocketServer: new (options: object) => {
    once(name: 'connection', listener: (socket: WebSocketLike) => void): void
  }
}

await measureFrames(1024)
await measureFrames(MAX_FRAGMENT_BYTES)
await measureLink('in memory', async () => socketPair())
const web = await webSockets()
if (web) await measureLink('WebSocket on loopback', web.open)
else console.log('skipped: WebSocket on loopback (the library ws is not installed)')
web?.close()
