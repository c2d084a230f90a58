import type { ConsoleLine, LiveRequest, Operation, Server, ServerState, ServerStats } from '@hatchery/core/sdk'
import type { WebSocket } from 'ws'
import { CONSOLE, NOW, operations, servers } from './mock-data.ts'

const sockets = new Set<{ readonly socket: WebSocket; readonly topics: Set<string> }>()
let tick = 0

/** Tells everybody who listens that a server is in another state. */
export function announce(server: Server, state: ServerState): void {
  Object.assign(server, { state, revision: server.revision + 1 })
  const event = { server: server.id, state, revision: server.revision }
  publish('servers', event)
  publish(`server:${server.id}`, event)
}

function publish(topic: string, event: unknown): void {
  for (const { socket, topics } of sockets) if (topics.has(topic)) send(socket, { type: 'event', topic, event })
}
function send(socket: WebSocket, message: unknown): void {
  socket.send(JSON.stringify(message))
}

let floodLine = 100_000
/** A server that writes as much as a busy one can: so many lines a second to everybody who watches it. */
export function flood(server: string, linesPerSecond: number): () => void {
  const EVERY_MS = 20
  const topic = `server-console:${server}`
  const timer = setInterval(() => {
    const lines: ConsoleLine[] = Array.from({ length: (linesPerSecond * EVERY_MS) / 1000 }, () => {
      floodLine += 1
      return {
        run: 2,
        line: floodLine,
        at: Date.now(),
        kind: 'out',
        text: `${Date.now()} ${CONSOLE[floodLine % CONSOLE.length]}`,
      }
    })
    publish(topic, { lines })
  }, EVERY_MS)
  return () => clearInterval(timer)
}

/** The live channel of one tab: a console that goes on, readings each second, an installation that makes progress. */
export function serveLive(socket: WebSocket, panel: { readonly mood: string }): void {
  const client = { socket, topics: new Set<string>() }
  sockets.add(client)
  socket.on('close', () => sockets.delete(client))
  socket.on('message', (data) => {
    const request = JSON.parse(String(data)) as LiveRequest
    if (request.type === 'subscribe') {
      client.topics.add(request.topic)
      if (panel.mood !== 'empty') snapshot(socket, request.topic)
    }
    if (request.type === 'unsubscribe') client.topics.delete(request.topic)
    send(socket, { type: 'ok', id: request.id })
  })
  send(socket, { type: 'hello', at: Date.now(), version: '0.1.0' })
}

function snapshot(socket: WebSocket, topic: string): void {
  const [kind, id] = topic.split(':')
  if (kind === 'server-console') {
    const server = servers.find((one) => one.id === id)
    const lines: ConsoleLine[] = Array.from({ length: server?.state === 'offline' ? 8 : 60 }, (_, index) =>
      consoleLine(index, index < 4 ? 1 : 2),
    )
    send(socket, { type: 'event', topic, cursor: '2:60', event: { lines } })
  }
  if (kind === 'server-stats')
    for (let ago = 59; ago >= 0; ago -= 1)
      send(socket, { type: 'event', topic, event: { stats: stats(id ?? '', Date.now() - ago * 1000) } })
}

function consoleLine(line: number, run: number): ConsoleLine {
  const kind = line === 0 || line === 4 ? 'system' : line === 11 ? 'input' : 'out'
  const text =
    kind === 'system' ? 'Container started' : kind === 'input' ? 'list' : (CONSOLE[line % CONSOLE.length] ?? '')
  return { run, line, at: NOW - (60 - line) * 9000, kind, text }
}

function stats(id: string, at: number): ServerStats {
  const seed = Number.parseInt(id.slice(0, 4), 16) / 65_536
  const wave = Math.sin(at / 7000 + seed * 6) + Math.sin(at / 2300) * 0.4
  return {
    at,
    cpuPercent: 60 + seed * 60 + wave * 30,
    memoryBytes: Math.round((1.9 + seed * 1.6 + wave * 0.12) * 1_073_741_824),
    memoryLimitBytes: 4_294_967_296,
    diskBytes: Math.round(6.2e9 + (at % 1e6)),
    networkRxBytes: Math.round((at - NOW + 4e6) * (30 + wave * 4)),
    networkTxBytes: Math.round((at - NOW + 4e6) * (90 + wave * 9)),
    uptimeMs: at - NOW + 7_620_000,
    pids: 43,
  }
}

setInterval(() => {
  tick += 1
  for (const { topics, socket } of sockets) {
    for (const topic of topics) {
      const [kind, id] = topic.split(':')
      const server = servers.find((one) => one.id === id)
      if (kind === 'server-stats' && id) send(socket, { type: 'event', topic, event: { stats: stats(id, Date.now()) } })
      if (kind === 'server-console' && server?.state === 'running') {
        const line: ConsoleLine = {
          run: 2,
          line: 60 + tick,
          at: Date.now(),
          kind: 'out',
          text: CONSOLE[tick % CONSOLE.length] ?? '',
        }
        send(socket, { type: 'event', topic, event: { lines: [line] } })
      }
    }
  }
  const install = operations[0]
  if (!install?.progress) return
  const current = (install.progress.current + 4_300_000) % 260_000_000
  const next: Operation = { ...install, progress: { ...install.progress, current }, revision: install.revision + 1 }
  operations[0] = next
  publish('operations', { operation: next })
}, 1000).unref()
