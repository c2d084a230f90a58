import { WebSocket } from 'ws'
import { createGameServer } from '../test/game-server.ts'
import { startProduct, type Product } from '../test/product.ts'
import { cpuSecondsOf } from './load.ts'
import type { Figure } from './main.ts'
import { removeServers } from './measure/remove-servers.ts'
import { percentile } from './measure/sentences.ts'
import { openConsolePage, type Delay, type PageCount } from './measure/console-page.ts'

export interface ConsoleResult {
  readonly linesPerSecond: number
  readonly sent: number
  /** Lines each healthy client missed or got twice, the worst of them. */
  readonly missing: number
  readonly doubled: number
  readonly p99Ms: number
  /** The same without the first two seconds, in which panel and agent compile what they run for the first time. */
  readonly steadyP99Ms: number
  /** Processor time for one line, however many clients read it. */
  readonly agentMicroseconds: number
  readonly panelMicroseconds: number
  /** What the game needed for its lines: it is slower where its output is not taken away. */
  readonly gameSeconds: number
  /** The client that is a browser, if one was asked for. */
  readonly page: PageCount | null
}

export interface ConsoleOptions {
  /** Healthy and stalled together. @default 10 */
  readonly clients?: number
  /** How many of them stop reading. @default 0 */
  readonly stalled?: number
  /** One of the healthy ones is Chromium with the console page open. @default false */
  readonly withBrowser?: boolean
}

const SECONDS = 10
const WARM_UP_SECONDS = 2

/** A server that prints numbered lines with their time, evenly, for a while; `go` on standard input starts it. */
const FLOOD = (rate: number) =>
  `exec node -e 'let i=0,t0=0;const w=process.stdout;function tick(){const due=Math.min((Date.now()-t0)*${rate}/1000,${rate * SECONDS});let s="";while(i<due){s+="n="+i+" t="+Date.now()+" a line of a busy game server with some text to make it about as long as real ones\\n";i++}if(s)w.write(s);if(i<${rate * SECONDS})setTimeout(tick,5);else console.log("flood over "+i+" after "+(Date.now()-t0))}process.stdin.on("data",()=>{if(!t0){t0=Date.now();tick()}});console.log("ready")'`

/** One server prints `rate` lines a second; clients of the live channel read, `stalled` of them never do. */
export async function measureConsole(
  product: Product,
  rate: number,
  { clients = 10, stalled = 0, withBrowser = false }: ConsoleOptions = {},
): Promise<ConsoleResult> {
  const server = await createGameServer(product, {
    name: `Flood ${rate}`,
    startup: FLOOD(rate),
    image: 'hatchery.local/demo-node:1',
    start: true,
    memoryMiB: 512,
  })
  await using page = withBrowser ? await openConsolePage(product, server.id) : null
  const sockets = withBrowser ? clients - 1 : clients
  const readers = await Promise.all(Array.from({ length: sockets }, (_, n) => watch(product, server.id, n < stalled)))
  const pids = [product.agentPid ?? product.pid, product.pid]
  const before = pids.map(cpuSecondsOf)
  const started = performance.now()
  await product.client.sendCommand({ params: { server: server.id }, body: { command: 'go' } })
  const healthy = readers.filter((reader) => !reader.isStalled)
  const gameMs = await Promise.all(healthy.map((reader) => reader.over))
  const seconds = (performance.now() - started) / 1000
  const shown = page ? await page.over(30_000) : null
  const [agent, panel] = pids.map((pid, index) => ((cpuSecondsOf(pid) - before[index]!) * 1e6) / (rate * SECONDS))
  for (const reader of readers) reader.close()
  await product.client.deleteServer({ params: { server: server.id } })
  const sent = rate * SECONDS
  const p99Of = (delays: readonly Delay[]) =>
    percentile(
      delays.map(({ ms }) => ms).toSorted((a, b) => a - b),
      0.99,
    )
  const all = [...healthy.map((reader) => reader.delays), ...(shown ? [shown.delays] : [])]
  const steady = all.map((delays) => delays.filter(({ n }) => n >= rate * WARM_UP_SECONDS))
  return {
    sent,
    linesPerSecond: sent / seconds,
    missing: Math.max(...healthy.map((reader) => sent - reader.seen.size), shown ? sent - shown.lines : 0),
    doubled: Math.max(...healthy.map((reader) => reader.doubled), shown?.doubled ?? 0),
    p99Ms: Math.max(...all.map(p99Of)),
    steadyP99Ms: Math.max(...steady.map(p99Of)),
    agentMicroseconds: agent!,
    panelMicroseconds: panel!,
    gameSeconds: (gameMs[0] ?? Number.NaN) / 1000,
    page: shown,
  }
}

interface Reader {
  readonly isStalled: boolean
  readonly seen: Set<number>
  doubled: number
  readonly delays: Delay[]
  /** Milliseconds that the game took to print everything. */
  readonly over: Promise<number>
  close(): void
}

async function watch(product: Product, server: string, isStalled: boolean): Promise<Reader> {
  const socket = new WebSocket(`${product.url.replace('http', 'ws')}/api/v1/live`, {
    headers: { authorization: `Bearer ${product.apiKey}` },
  })
  const { promise: over, resolve, reject } = Promise.withResolvers<number>()
  const { promise: subscribed, resolve: onSubscribed } = Promise.withResolvers<void>()
  const reader: Reader = { isStalled, seen: new Set(), doubled: 0, delays: [], over, close: () => socket.terminate() }
  socket.on('error', reject)
  socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString()) as { type: string; event?: { lines: { text: string }[] } }
    if (message.type === 'hello')
      socket.send(JSON.stringify({ type: 'subscribe', id: 1, topic: `server-console:${server}` }))
    if (message.type === 'ok') {
      onSubscribed()
      // A stalled client reads nothing any more, as a laptop that fell asleep does.
      if (isStalled) socket.pause()
    }
    const now = Date.now()
    for (const { text } of message.event?.lines ?? []) {
      const found = /^n=(\d+) t=(\d+)/.exec(text)
      if (found) {
        const n = Number(found[1])
        if (reader.seen.has(n)) reader.doubled += 1
        reader.seen.add(n)
        if (n % 50 === 0) reader.delays.push({ n, ms: now - Number(found[2]) })
      } else if (text.startsWith('flood over')) resolve(Number(text.split(' ').at(-1)))
    }
  })
  await subscribed
  return reader
}

export async function bench(): Promise<readonly Figure[]> {
  await using product = await startProduct({ args: ['--demo'] })
  const figures: Figure[] = []
  for (const [name, options] of [
    ['15,000 lines/s to ten clients, one a browser', { withBrowser: true }],
    ['15,000 lines/s to ten clients, one stalled', { stalled: 1 }],
  ] as const) {
    const result = await measureConsole(product, 15_000, options)
    figures.push({
      name,
      value: result.p99Ms,
      unit: 'ms p99',
      note: `${result.missing} missing, ${result.doubled} doubled, ${Math.round(result.linesPerSecond)} lines/s, CPU a line: agent ${result.agentMicroseconds.toFixed(1)} µs, panel ${result.panelMicroseconds.toFixed(1)} µs`,
    })
  }
  await removeServers(product)
  return figures
}
