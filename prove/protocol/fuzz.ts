/**
 * Throws random and mutated bytes at both ends of the agent protocol, before and after the handshake.
 *
 *   node --conditions=@hatchery/source --expose-gc prove/protocol/fuzz.ts [--full] [--seed N] [--seconds N]
 *
 * Holds when nothing is thrown outside, every refusal is an AppError of the protocol, and memory stays bounded. Afterwards the
 * same harness runs against a build that was broken on purpose and has to notice it.
 */
import { AppError } from '../../packages/core/src/errors/index.ts'
import { acceptAgent } from '../../packages/core/src/protocol/accept-agent.ts'
import { connectToPanel } from '../../packages/core/src/protocol/connect-to-panel.ts'
import { acceptDataStream, createDataTicket, openDataStream } from '../../packages/core/src/protocol/data-socket.ts'
import type { DurableEvent } from '../../packages/core/src/protocol/methods.ts'
import { memoryOutbox } from '../../packages/core/src/protocol/memory-outbox.ts'
import { rawAgent, rawPanel, type RawPeer } from '../../packages/core/src/protocol/raw-peer.ts'
import type { AgentSession, PanelSession } from '../../packages/core/src/protocol/session.ts'
import { socketPair, type SocketPair } from '../../packages/core/src/protocol/socket-pair.ts'
import {
  NODE,
  SERVER,
  acceptOptions,
  agentHello,
  connectOptions,
  openLink,
  panelHello,
  settle,
} from '../../packages/core/src/protocol/test-link.ts'

const argument = (name: string, fallback: number): number => {
  const at = process.argv.indexOf(name)
  return at === -1 ? fallback : Number(process.argv[at + 1])
}
const isFull = process.argv.includes('--full')
const seed = argument('--seed', 20_261_120)
const seconds = argument('--seconds', isFull ? 600 : 12)
const MEMORY_LIMIT = 64 * 1024 * 1024
const CODES = new Set([
  'HANDSHAKE_FAILED',
  'PROTOCOL_VERSION',
  'PROTOCOL_VIOLATION',
  'CONNECTION_LOST',
  'METHOD_UNKNOWN',
])

let state = seed >>> 0
/** mulberry32: the same seed gives the same run. */
function random(): number {
  state = (state + 0x6d2b79f5) >>> 0
  let mixed = Math.imul(state ^ (state >>> 15), state | 1)
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
}
const below = (limit: number): number => Math.floor(random() * limit)
const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T
const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, () => below(256))

function mutate(data: Uint8Array): Uint8Array {
  const copy = Buffer.from(data)
  switch (below(6)) {
    case 0:
      return copy.subarray(0, below(copy.length + 1))
    case 1:
      return Buffer.concat([copy, bytes(below(200))])
    case 2:
      return Buffer.concat([
        copy.subarray(0, below(copy.length + 1)),
        bytes(below(50)),
        copy.subarray(below(copy.length + 1)),
      ])
    case 3:
      if (copy.length >= 5)
        copy.writeUInt32BE(pick([0, 1, 0x7fff_ffff, 0xffff_ffff, copy.length]), below(copy.length - 3))
      return copy
    default:
      for (let flips = below(4) + 1; flips > 0 && copy.length > 0; flips--) {
        const at = below(copy.length)
        copy.writeUInt8(copy.readUInt8(at) ^ (1 << below(8)), at)
      }
      return copy
  }
}

const odd = (): unknown =>
  pick<() => unknown>([
    () => null,
    () => -1,
    () => 2 ** 53,
    () => 1.5,
    () => '',
    () => '\u0000\ud800',
    () => 'x'.repeat(below(5000)),
    () => [],
    () => [[[]]],
    () => ({ __proto__: null, constructor: 1 }),
    () => JSON.parse('{"__proto__":{"polluted":true}}') as unknown,
    () => true,
    () => Array.from({ length: below(50) }, () => below(9)),
  ])()

/** A message of the control socket in which any field may be anything. */
function oddMessage(): unknown {
  const maybe = <T>(value: T): unknown => (random() < 0.25 ? odd() : value)
  return pick<() => unknown>([
    () => ({
      type: 'call',
      id: maybe(below(9)),
      method: maybe('server.stats'),
      params: maybe({ server: SERVER }),
      deadlineMs: maybe(5),
    }),
    () => ({ type: maybe('result'), id: maybe(below(9)), result: odd() }),
    () => ({
      type: 'error',
      id: maybe(below(9)),
      error: maybe({ code: maybe('X'), message: maybe('x'), details: odd() }),
    }),
    () => ({ type: 'cancel', id: maybe(below(9)) }),
    () => ({ type: 'ack', incarnation: maybe('incarnation-1'), seq: maybe(below(3)) }),
    () => ({
      type: 'events',
      incarnation: maybe('incarnation-1'),
      events: maybe([maybe([below(99), maybe(0), maybe('x'), odd()])]),
    }),
    () => ({
      type: 'event',
      name: maybe(pick(['console', 'stats', 'progress', 'x'])),
      data: maybe({ server: SERVER, lines: odd() }),
    }),
    () => ({ type: maybe(pick(['ping', 'pong', 'tomorrow'])) }),
    () => odd(),
    () => bytes(below(100)),
    () =>
      mutate(Buffer.from(JSON.stringify({ type: 'call', id: 1, method: 'server.stats', params: {}, deadlineMs: 5 }))),
    () => Buffer.from(pick(['[', '{"a":']).repeat(below(12_000))),
  ])()
}

let trials = 0
const faults: string[] = []
const report = (where: string, error: unknown) => {
  if (faults.length < 20)
    faults.push(`${where}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
}
process.on('uncaughtException', (error) => report('uncaught exception', error))
process.on('unhandledRejection', (error) => report('unhandled rejection', error))

const onFault = (error: unknown, where: string) => report(`fault in ${where}`, error)
/** The negative control: a peer that trusts every message to be JSON. */
const build = { isBroken: false }

function breakBuild(pair: SocketPair): void {
  if (!build.isBroken) return
  const onMessage = pair.b.onMessage.bind(pair.b)
  pair.b.onMessage = (listener) =>
    onMessage((data) => {
      void Promise.resolve().then(() => JSON.parse(Buffer.from(data.subarray(1)).toString()) as unknown)
      listener(data)
    })
}

function expectClean(error: unknown): void {
  if (!(error instanceof AppError) || !CODES.has(error.code)) report('a refusal that is none of the protocol', error)
}

async function fuzzHandshake(): Promise<void> {
  const target = below(3)
  let sent = 0
  const pair = socketPair({
    fault: () =>
      sent++ === target
        ? { replace: random() < 0.3 ? bytes(below(600)) : mutate(pair.log.at(-1)?.data ?? bytes(9)) }
        : undefined,
  })
  breakBuild(pair)
  const outcomes = await Promise.allSettled([
    acceptAgent(pair.a, NODE, acceptOptions({ onFault })),
    connectToPanel(pair.b, connectOptions({ onFault })),
  ])
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') expectClean(outcome.reason)
    else outcome.value.close('done')
  }
}

async function fuzzSilence(): Promise<void> {
  const pair = socketPair()
  breakBuild(pair)
  const isPanel = random() < 0.5
  const end = isPanel
    ? acceptAgent(pair.a, NODE, acceptOptions({ onFault }))
    : connectToPanel(pair.b, connectOptions({ onFault }))
  const outcome = end.then((session) => session.close('done'), expectClean)
  for (let count = below(6); count >= 0; count--) {
    pair.inject(isPanel ? 'b' : 'a', bytes(pick([0, 1, 5, 60, 1000, 65_536, 65_537])))
    await settleOnce()
  }
  pair.cut()
  await outcome
}

async function fuzzFrames(): Promise<void> {
  const outbox = memoryOutbox()
  for (let count = 0; count < 20; count++)
    outbox.append({ name: 'lost', data: { count, at: 0 } } satisfies DurableEvent, 0)
  const target = 3 + below(12)
  let sent = 0
  const pair = socketPair({
    fault: () => (sent++ === target ? { replace: mutate(pair.log.at(-1)?.data ?? bytes(9)) } : undefined),
  })
  breakBuild(pair)
  const handlers = { 'server.stats': async () => ({ state: 'offline', stats: null }) as const }
  const [panel, agent] = await Promise.all([
    acceptAgent(pair.a, NODE, acceptOptions({ onFault, onHello: async () => panelHello() })),
    connectToPanel(pair.b, connectOptions({ onFault, outbox, handlers })),
  ])
  const calls = Array.from({ length: 8 }, () => panel.call('server.stats', { server: SERVER }).catch(expectClean))
  await settleOnce()
  pair.cut()
  await Promise.all([...calls, panel.closed, agent.closed])
}

async function fuzzProvenPeer(): Promise<void> {
  const handlers = { 'server.stats': async () => ({ state: 'offline', stats: null }) as const }
  const peer: RawPeer<PanelSession | AgentSession> =
    random() < 0.5
      ? await rawAgent({ onFault, onHello: async () => panelHello() })
      : await rawPanel({
          onFault,
          handlers,
          hello: () => agentHello(),
          outbox: { ...memoryOutbox(), incarnation: 'incarnation-1' },
        })
  breakBuild(peer.pair)
  for (let count = below(8); count >= 0; count--) {
    if (random() < 0.7) peer.send(oddMessage())
    else {
      const payload = bytes(pick([0, 1, 100]))
      peer.sendFragment({ message: below(3), isFirst: random() < 0.5, isLast: random() < 0.5, payload })
    }
  }
  await settleOnce()
  peer.pair.cut()
  await peer.session.closed
}

/** A data socket whose messages are changed, and one that is opened with anything. */
async function fuzzData(): Promise<void> {
  const link = await openLink({ accept: { onFault }, connect: { onFault } })
  const ticket = createDataTicket(link.panel)
  const target = below(8)
  let sent = 0
  const pair = socketPair({
    fault: () => {
      if (sent++ !== target) return undefined
      return { replace: random() < 0.3 ? bytes(below(300)) : mutate(pair.log.at(-1)?.data ?? bytes(9)) }
    },
  })
  breakBuild(pair)
  const receive = acceptDataStream(pair.a, link.panel).then(async (stream) => {
    let received = 0
    for await (const chunk of stream.receive()) received += chunk.length
    return received
  })
  const send = openDataStream(pair.b, link.agent, ticket.id).then((stream) =>
    stream.send(async function* () {
      for (let pieces = below(5); pieces > 0; pieces--) yield bytes(1000)
    }),
  )
  const outcomes = Promise.all([receive.catch(expectClean), send.catch(expectClean)])
  for (let turn = 0; turn < 4; turn++) await settleOnce()
  pair.cut()
  ticket.cancel()
  await outcomes
  await link[Symbol.asyncDispose]()
}

const settleOnce = () => new Promise((resolve) => setImmediate(resolve))

async function run(forSeconds: number): Promise<void> {
  const end = performance.now() + forSeconds * 1000
  while (performance.now() < end && faults.length === 0) {
    const attack = pick([fuzzHandshake, fuzzSilence, fuzzFrames, fuzzProvenPeer, fuzzData])
    await attack().catch((error: unknown) => report(attack.name, error))
    trials++
  }
  await settle()
}

const heap = () => {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed + process.memoryUsage().external
}

await run(1)
const before = heap()
await run(seconds)
const growth = heap() - before
const proven = trials
console.log(
  `seed ${seed}: ${proven} trials, ${faults.length} faults, memory grew by ${(growth / 2 ** 20).toFixed(1)} MiB`,
)
if (growth > MEMORY_LIMIT) report('memory', new Error(`grew by ${growth} bytes`))
if (({} as { polluted?: boolean }).polluted) report('prototype', new Error('Object.prototype was changed'))
for (const fault of faults) console.error(fault)
const failures = faults.splice(0).length

build.isBroken = true
await run(5)
const isNoticed = faults.length > 0
console.log(`negative control: ${isNoticed ? 'noticed' : 'NOT noticed'}`)
console.log(
  failures === 0 && isNoticed ? `holds; with ${proven} trials a fault is rarer than 3/${proven} (95 %)` : 'FAILED',
)
process.exit(failures === 0 && isNoticed ? 0 : 1)
