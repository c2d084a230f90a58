import { describe, expect, test } from 'vitest'
import type { ConsoleLine } from '../api/schemas/servers.ts'
import { memoryOutbox } from './memory-outbox.ts'
import type { EphemeralEvent } from './methods.ts'
import { MAX_BUFFERED_BYTES } from './send-scheduler.ts'
import { rawAgent, rawPanel } from './raw-peer.ts'
import { SERVER, manualTimers, openLink, settle, type TestLinkOptions } from './test-link.ts'

const QUIET = '00000000-0000-4000-8000-000000000002'
const line = (number: number, width = 10): ConsoleLine => ({
  run: 1,
  line: number,
  at: 0,
  kind: 'out',
  text: 'x'.repeat(width),
})
const stats = (server: string, cpuPercent: number): EphemeralEvent => ({
  name: 'stats',
  data: {
    server,
    stats: {
      at: 0,
      cpuPercent,
      memoryBytes: 0,
      memoryLimitBytes: 0,
      diskBytes: 0,
      networkRxBytes: 0,
      networkTxBytes: 0,
      uptimeMs: 0,
      pids: 1,
    },
  },
})

/** A link whose agent sends into a socket that only drains when told, with time moved by hand. */
async function slowLink(connect: TestLinkOptions['connect'] = {}) {
  const timers = manualTimers()
  const events: EphemeralEvent[] = []
  const socket = { buffered: 0, most: 0 }
  const link = await openLink({
    connect: { timers, ...connect },
    accept: { handlers: () => ({ onEvents: async () => {}, onEphemeral: (event) => void events.push(event) }) },
  })
  const send = link.pair.b.send.bind(link.pair.b)
  link.pair.b.send = (data) => {
    socket.buffered += data.length
    socket.most = Math.max(socket.most, socket.buffered)
    send(data)
  }
  Object.defineProperty(link.pair.b, 'bufferedAmount', { get: () => socket.buffered })
  return {
    ...link,
    timers,
    events,
    socket,
    emitLines: (server: string, lines: ConsoleLine[], skipped?: number) =>
      link.agent.emit({
        name: 'console',
        data: skipped === undefined ? { server, lines } : { server, lines, skipped },
      }),
    async drain() {
      socket.buffered = 0
      await timers.advance(20)
      await settle()
    },
    linesOf: (server: string) =>
      events.flatMap((event) => (event.name === 'console' && event.data.server === server ? event.data.lines : [])),
    skippedOf: (server: string) =>
      events.reduce(
        (sum, event) =>
          sum + (event.name === 'console' && event.data.server === server ? (event.data.skipped ?? 0) : 0),
        0,
      ),
  }
}

describe('a slow connection', () => {
  test('the socket never holds more than 256 KiB', async () => {
    const outbox = memoryOutbox()
    for (let count = 0; count < 200; count++) {
      outbox.append({ name: 'lost', data: { count, at: 0, why: 'x'.repeat(5000) } as never }, 0)
    }
    await using link = await slowLink({ outbox })
    link.agent.flushOutbox()
    for (let number = 0; number < 5000; number++) link.emitLines(SERVER, [line(number, 1000)])
    for (let turn = 0; turn < 40; turn++) await link.drain()

    expect(link.socket.most).toBeGreaterThan(64 * 1024)
    expect(link.socket.most).toBeLessThanOrEqual(MAX_BUFFERED_BYTES)
  })

  test('says that it is congested, and takes output again when it has drained', async () => {
    await using link = await slowLink()
    expect(link.agent.isCongested).toBe(false)
    link.socket.buffered = MAX_BUFFERED_BYTES + 1
    expect(link.agent.isCongested).toBe(true)
    link.socket.buffered = MAX_BUFFERED_BYTES
    for (let number = 0; number < 100; number++) link.emitLines(SERVER, [line(number, 1000)])
    expect(link.agent.isCongested).toBe(true)
    expect(link.agent.isServerCongested(SERVER)).toBe(true)
    expect(link.agent.isServerCongested(QUIET)).toBe(false)
    for (let turn = 0; turn < 3; turn++) await link.drain()

    expect(link.agent.isServerCongested(SERVER)).toBe(false)
    expect(link.linesOf(SERVER)).toHaveLength(100)
  })

  test('what one server floods beyond its share is skipped and counted, and nobody else loses a line', async () => {
    await using link = await slowLink()
    link.socket.buffered = MAX_BUFFERED_BYTES
    for (let number = 0; number < 1000; number++) link.emitLines(SERVER, [line(number, 1000)])
    link.emitLines(QUIET, [line(1), line(2)])
    for (let turn = 0; turn < 20; turn++) await link.drain()

    expect(link.linesOf(QUIET)).toHaveLength(2)
    expect(link.skippedOf(SERVER)).toBeGreaterThan(0)
    expect(link.linesOf(SERVER).length + link.skippedOf(SERVER)).toBe(1000)
  })

  test('a server that floods does not delay the lines of another', async () => {
    await using link = await slowLink()
    for (let number = 0; number < 200; number++) link.emitLines(SERVER, [line(number, 1000)])
    link.emitLines(QUIET, [line(1)])
    await link.timers.advance(20)
    await settle()

    const order = link.events.map((event) => (event.name === 'console' ? event.data.server : event.name))
    expect(order.indexOf(QUIET)).toBe(1)
  })

  test('an answer to a call goes out while console output is still held back', async () => {
    await using link = await slowLink({
      handlers: { 'server.stats': async () => ({ state: 'running', stats: null }) },
    })
    link.socket.buffered = MAX_BUFFERED_BYTES / 2
    for (let number = 0; number < 200; number++) link.emitLines(SERVER, [line(number, 1000)])
    await link.timers.advance(20)
    await link.panel.call('server.stats', { server: SERVER })
    expect(link.events).toEqual([])

    await link.drain()
    expect(link.events.length).toBeGreaterThan(0)
  })
})

describe('within a tick', () => {
  test('only the newest statistics of a server are sent', async () => {
    await using link = await slowLink()
    for (let cpu = 1; cpu <= 5; cpu++) link.agent.emit(stats(SERVER, cpu))
    link.agent.emit(stats(QUIET, 9))
    await link.drain()

    expect(link.events).toEqual([stats(SERVER, 5), stats(QUIET, 9)])
  })

  test('nothing ephemeral waits longer than 20 ms', async () => {
    await using link = await slowLink()
    link.emitLines(SERVER, [line(1)], 4)
    await link.timers.advance(20)
    await settle()

    expect(link.events).toEqual([{ name: 'console', data: { server: SERVER, lines: [line(1)], skipped: 4 } }])
  })

  test('lines stay in order and complete at any speed', async () => {
    await using link = await slowLink()
    for (let number = 0; number < 3000; number++) {
      link.emitLines(SERVER, [line(number, 40)])
      if (number % 100 === 99) await link.drain()
    }
    await link.drain()

    expect(link.linesOf(SERVER).map((each) => each.line)).toEqual(Array.from({ length: 3000 }, (_, number) => number))
  })
})

describe('a proven peer that does not keep to the protocol', () => {
  test.each([
    { type: 'event', name: 'teleport', data: {} },
    { type: 'event', name: 'console', data: { server: SERVER, lines: 'all' } },
    { type: 'event', name: 'toString', data: null },
    { type: 'tomorrow', data: 1 },
  ])('$type $name is skipped and the session stays', async (message) => {
    const events: EphemeralEvent[] = []
    const agent = await rawAgent({
      handlers: () => ({ onEvents: async () => {}, onEphemeral: (event) => void events.push(event) }),
    })
    agent.send(message)
    agent.send({ type: 'event', ...stats(SERVER, 1) })
    await settle()

    expect(events).toEqual([stats(SERVER, 1)])
    agent.session.close('done')
  })

  test.each<[string, unknown]>([
    ['a call', { type: 'call', id: 1, method: 'node.info', params: {}, deadlineMs: 1 }],
    ['an answer to no call', { type: 'result', id: 1, result: {} }],
    ['an error without a code', { type: 'error', id: 1, error: {} }],
    ['events of another incarnation', { type: 'events', incarnation: 'other', events: [] }],
    [
      'events that run backwards',
      {
        type: 'events',
        incarnation: 'incarnation-1',
        events: [
          [2, 0, 'x', 0],
          [1, 0, 'x', 0],
        ],
      },
    ],
    ['an event without a number', { type: 'events', incarnation: 'incarnation-1', events: [['x']] }],
    ['a list', []],
    ['no JSON', Buffer.from('{')],
    ['no type', {}],
    ['nothing', new Uint8Array()],
    ['JSON nested a million times', Buffer.from('['.repeat(60_000))],
  ])('%s from an agent ends the session with PROTOCOL_VIOLATION', async (_what, message) => {
    const agent = await rawAgent()
    agent.send(message)

    expect(await agent.session.closed).toContain('a frame was not valid')
  })

  test.each<[string, unknown]>([
    ['an event', { type: 'event', name: 'x', data: {} }],
    ['an acknowledgement of what was not sent', { type: 'ack', incarnation: 'incarnation-1', seq: 5 }],
    ['a result, while the agent may not call,', { type: 'result', id: 1, result: null }],
    ['an error, while the agent may not call,', { type: 'error', id: 1, error: { code: 'X', message: 'x' } }],
    ['a call with a negative id', { type: 'call', id: -1, method: 'node.info', params: {}, deadlineMs: 1 }],
  ])('%s from a panel ends the session with PROTOCOL_VIOLATION', async (_what, message) => {
    const panel = await rawPanel()
    panel.send(message)

    expect(await panel.session.closed).toContain('a frame was not valid')
  })

  test('an agent that ignores the event window is cut off', async () => {
    const agent = await rawAgent({
      handlers: () => ({ onEvents: () => new Promise(() => {}), onEphemeral: () => {} }),
    })
    for (let seq = 1; seq <= 2000; seq++) {
      agent.send({ type: 'events', incarnation: 'incarnation-1', events: [[seq, 0, 'x', 0]] })
    }
    expect(await agent.session.closed).toContain('too many events')
  })
})

describe('heartbeats', () => {
  test('a peer that has gone without a word is noticed within four beats', async () => {
    const timers = manualTimers()
    let isDead = false
    await using link = await openLink({
      connect: { timers, heartbeatMs: 1000 },
      pair: { fault: () => (isDead ? 'drop' : undefined) },
    })
    await timers.advance(60_000)
    expect(timers.pending).toBe(1)
    isDead = true
    await timers.advance(4_000)

    expect(await link.agent.closed).toBe('the other side does not answer')
    expect(timers.pending).toBe(0)
  })
})

describe('one bad frame', () => {
  test.each(['drop', 'duplicate', 'hold', 'flip'] as const)(
    '%s ends the session with PROTOCOL_VIOLATION',
    async (kind) => {
      let isArmed = false
      await using link = await openLink({
        pair: {
          fault(side, data) {
            if (side !== 'a' || !isArmed) return undefined
            isArmed = false
            if (kind !== 'flip') return kind
            const changed = Uint8Array.from(data)
            changed[20]! ^= 1
            return { replace: changed }
          },
        },
      })
      isArmed = true
      const calls = Promise.allSettled([
        link.panel.call('server.stats', { server: SERVER }),
        link.panel.call('server.stats', { server: SERVER }),
        link.panel.call('server.stats', { server: SERVER }),
      ])

      expect(await link.agent.closed).toContain('a frame was changed, lost, repeated or out of order')
      expect(await link.panel.closed).toContain('a frame was changed')
      for (const call of await calls) expect(call).toMatchObject({ status: 'rejected' })
    },
  )

  test('a frame that is sent back to its sender ends the session', async () => {
    await using link = await openLink()
    void link.panel.call('server.stats', { server: SERVER }).catch(() => {})
    await settle()
    const own = link.pair.log.filter((message) => message.side === 'a').at(-1)
    link.pair.inject('b', own?.data ?? new Uint8Array())

    expect(await link.panel.closed).toContain('a frame was changed')
  })
})
