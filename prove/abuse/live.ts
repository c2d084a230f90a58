import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { WebSocket } from 'ws'
import type { Report } from './report.ts'
import { randomFrom } from './samples.ts'
import type { Cast, Stage } from './stage.ts'
import type { TestUser } from '../../packages/panel/src/testing/test-panel.ts'

const THEME = 'live channel'

interface Message {
  readonly type: string
  readonly id?: number | null
  readonly topic?: string
  readonly error?: { readonly code: string }
  readonly event?: unknown
}

/** One tab, with all that it received. */
class Tab {
  readonly socket: WebSocket
  readonly messages: Message[] = []
  readonly closed: Promise<number>

  constructor(stage: Stage, cookie: string) {
    this.socket = new WebSocket(`${stage.url.replace(/^http/, 'ws')}/api/v1/live`, {
      headers: { cookie },
      perMessageDeflate: false,
    })
    this.socket.on('message', (data) => this.messages.push(JSON.parse(String(data)) as Message))
    this.socket.on('error', () => {
      // `close` follows.
    })
    this.closed = new Promise((resolve) => this.socket.once('close', (code) => resolve(code)))
  }

  /** Waits until everything sent before was answered. */
  async settle(): Promise<void> {
    if (this.socket.readyState !== this.socket.OPEN) return
    const id = Math.floor(Math.random() * 1e9)
    this.socket.send(JSON.stringify({ type: 'ping', id }))
    const end = Date.now() + 3000
    while (this.socket.readyState === this.socket.OPEN && Date.now() < end) {
      if (this.messages.some((message) => message.type === 'ok' && message.id === id)) return
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
}

async function openTab(stage: Stage, user: TestUser): Promise<Tab> {
  const tab = new Tab(stage, await stage.cookieOf(user))
  await once(tab.socket, 'open')
  return tab
}

export async function attackLive(stage: Stage, cast: Cast, report: Report, tries: number): Promise<void> {
  // One who behaves, and must not notice anything.
  const good = await openTab(stage, cast.owner)
  good.socket.send(JSON.stringify({ type: 'subscribe', id: 1, topic: `server-console:${cast.server.uuid}` }))
  await good.settle()

  await malformed(stage, cast, report, tries)
  await foreignTopics(stage, cast, report)
  await commands(stage, cast, report)
  await floods(stage, cast, report)
  await slowUpgrades(stage, report)

  report.expect(THEME, good.socket.readyState === good.socket.OPEN, 'another tab was cut off')
  cast.agent.print(cast.server.uuid, 'still there')
  await good.settle()
  await new Promise((resolve) => setTimeout(resolve, 200))
  report.expect(THEME, JSON.stringify(good.messages).includes('still there'), 'another tab gets nothing any more')
  good.socket.close()
  report.expect(THEME, stage.isAlive, 'the panel crashed', stage.log.slice(-1500))
}

async function malformed(stage: Stage, cast: Cast, report: Report, tries: number): Promise<void> {
  const random = randomFrom(7)
  const texts: (string | Buffer)[] = [
    '',
    '{',
    'null',
    '[]',
    '1',
    '"subscribe"',
    '{"type":"subscribe"}',
    '{"type":"__proto__","id":1}',
    '{"type":"subscribe","id":1,"topic":"__proto__"}',
    '{"type":"subscribe","id":1,"topic":"constructor"}',
    '{"type":"subscribe","id":1,"topic":"server:toString"}',
    '{"type":"subscribe","id":1e308,"topic":"servers"}',
    '{"type":"subscribe","id":1,"topic":"servers:12345678"}',
    '{"type":"subscribe","id":1,"topic":"server"}',
    `{"type":"subscribe","id":1,"topic":"server-console:${cast.server.uuid}:x"}`,
    `{"type":"subscribe","id":1,"topic":"server-console:${cast.server.uuid}","cursor":"x"}`,
    `{"type":"subscribe","id":1,"topic":"server-console:${cast.server.uuid}","cursor":"9999999999999999999999:1"}`,
    `{"type":"subscribe","id":1,"topic":"server-console:${cast.server.uuid}","cursor":"-1:-1"}`,
    `{"type":"subscribe","id":1,"topic":"servers","cursor":"\\u0000"}`,
    '{"type":"subscribe","id":1,"topic":"servers","cursor":"1e9:1e9"}',
    '{"type":"subscribe","id":1,"topic":"servers","cursor":"1:NaN"}',
    '{"type":"unsubscribe","id":1,"topic":"nothing"}',
    '{"type":"ping","id":null}',
    '['.repeat(15_000),
    `{"type":"ping","id":1,"__proto__":{"type":"command"}}`,
    Buffer.from([0xff, 0xfe, 0x00]),
    Buffer.from('{"type":"ping","id":1}'),
    ...Array.from({ length: tries }, () => {
      const text = [...`{"type":"subscribe","id":1,"topic":"server-console:${cast.server.uuid}","cursor":"1:1"}`]
      for (let hit = 0; hit < 3; hit++)
        text[Math.floor(random() * text.length)] = String.fromCharCode(Math.floor(random() * 256))
      return text.join('')
    }),
  ]
  const tab = await openTab(stage, cast.owner)
  for (const text of texts) {
    report.tried(THEME)
    const before = tab.messages.length
    tab.socket.send(text)
    await tab.settle()
    if (tab.socket.readyState !== tab.socket.OPEN) {
      report.found(THEME, 'a malformed message ended the connection', String(text).slice(0, 200))
      return
    }
    const internal = tab.messages.slice(before).find(({ error }) => error?.code === 'INTERNAL')
    if (internal)
      report.found(
        THEME,
        'a malformed message failed inside',
        `${String(text).slice(0, 200)} → ${JSON.stringify(internal)}`,
      )
  }
  tab.socket.close()

  const big = await openTab(stage, cast.owner)
  big.socket.send('x'.repeat(64 * 1024))
  report.expect(THEME, (await within(big.closed)) === 1009, 'an oversized message is not refused')
  const broken = await openTab(stage, cast.owner)
  const raw = Reflect.get(broken.socket, '_socket') as Socket
  raw.write(Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]))
  report.expect(THEME, (await within(broken.closed)) !== null, 'a broken frame is not refused')
  const utf = await openTab(stage, cast.owner)
  // A masked text frame whose payload is no UTF-8.
  ;(Reflect.get(utf.socket, '_socket') as Socket).write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28]))
  report.expect(THEME, (await within(utf.closed)) !== null, 'a text frame that is no UTF-8 is not refused')
}

const within = (closed: Promise<number>): Promise<number | null> =>
  Promise.race([closed, new Promise<null>((resolve) => setTimeout(resolve, 3000, null))])

async function foreignTopics(stage: Stage, cast: Cast, report: Report): Promise<void> {
  for (const user of [cast.outsider, cast.subuser]) {
    const tab = await openTab(stage, user)
    const isSubuser = user === cast.subuser
    const theirs = isSubuser ? cast.foreign.uuid : cast.server.uuid
    const topics = ['server', 'server-console', 'server-stats'].flatMap((kind) => [
      `${kind}:${theirs}`,
      `${kind}:${theirs.slice(0, 8)}`,
    ])
    const wanted = [...topics, 'nodes']
    for (const [index, topic] of wanted.entries())
      tab.socket.send(JSON.stringify({ type: 'subscribe', id: index, topic }))
    await tab.settle()
    cast.agent.print(cast.server.uuid, 'a private line')
    await new Promise((resolve) => setTimeout(resolve, 100))
    for (const [index, topic] of wanted.entries()) {
      const answer = tab.messages.find(({ id, type }) => id === index && type !== 'hello')
      report.expect(
        THEME,
        answer?.type === 'error',
        'a foreign topic was opened',
        `${user.username} ${topic} → ${JSON.stringify(answer)}`,
      )
    }
    if (!isSubuser)
      report.expect(THEME, !JSON.stringify(tab.messages).includes('a private line'), 'a stranger read a console')
    tab.socket.close()
  }
  const stranger = new Tab(stage, 'hatchery=nothing')
  const code = await within(stranger.closed)
  report.expect(THEME, code === 4401, 'a stranger is not turned away', String(code))
}

async function commands(stage: Stage, cast: Cast, report: Report): Promise<void> {
  const sent = () => cast.agent.callsOf('server.command').length
  const before = sent()
  const tab = await openTab(stage, cast.outsider)
  for (const server of [cast.server.uuid, cast.server.shortId]) {
    tab.socket.send(JSON.stringify({ type: 'command', id: 5, server, command: 'op attacker' }))
  }
  await tab.settle()
  const refusals = tab.messages.filter(({ error }) => error?.code === 'SERVER_NOT_FOUND').length
  report.expect(THEME, refusals === 2 && sent() === before, 'a stranger sent a command', tab.messages)
  const own = await openTab(stage, cast.subuser)
  for (const command of ['a\nop attacker', 'a\rstop', 'a\u0000b', 'x'.repeat(5000)]) {
    own.socket.send(JSON.stringify({ type: 'command', id: 6, server: cast.server.uuid, command }))
  }
  await own.settle()
  report.expect(THEME, sent() === before, 'a command with a line break was sent', own.messages)
  tab.socket.close()
  own.socket.close()
}

async function floods(stage: Stage, cast: Cast, report: Report): Promise<void> {
  const many = await openTab(stage, cast.owner)
  for (let index = 0; index < 200; index++) {
    // Spread over the limit of requests under way.
    many.socket.send(JSON.stringify({ type: 'subscribe', id: index, topic: 'servers' }))
  }
  await many.settle()
  const byAnother: string[] = []
  for (let index = 0; index < 1000; index++) {
    const topic = `server:${index.toString(16).padStart(8, '0')}`
    byAnother.push(topic)
    many.socket.send(JSON.stringify({ type: 'subscribe', id: 1000 + index, topic }))
    if (index % 100 === 99) await many.settle()
  }
  const opened = many.messages.filter(({ type, id }) => type === 'ok' && (id ?? 0) >= 1000 && (id ?? 0) < 2000).length
  report.expect(THEME, opened === 0, 'topics of nothing were opened', String(opened))
  many.socket.close()

  const before = await stage.ask('memory')
  const flood = await openTab(stage, cast.owner)
  for (let index = 0; index < 20_000 && flood.socket.readyState === flood.socket.OPEN; index++) {
    flood.socket.send(`{"type":"subscribe","id":${index},"topic":"server:${cast.server.uuid}"}`)
  }
  await within(flood.closed)
  report.tried(THEME, 20_000)
  const grown = ((await stage.ask('memory')) - before) / 1e6
  report.expect(THEME, grown < 300, 'a flood fills the memory', `${grown.toFixed(0)} MB`)
  flood.socket.terminate()

  const tabs = await Promise.all(
    Array.from({ length: 90 }, async () => new Tab(stage, await stage.cookieOf(cast.subuser))),
  )
  await new Promise((resolve) => setTimeout(resolve, 500))
  const open = tabs.filter(({ socket }) => socket.readyState === socket.OPEN).length
  report.expect(THEME, open <= 64, 'one user opens connections without limit', `${open} of 90`)
  for (const { socket } of tabs) socket.terminate()
}

/** Connections that begin an upgrade or a request and never end it: others go on being served. */
async function slowUpgrades(stage: Stage, report: Report): Promise<void> {
  const { hostname, port } = new URL(stage.url)
  const sockets = Array.from({ length: 200 }, (_, index) => {
    const socket = connect(Number(port), hostname)
    socket.on('error', () => socket.destroy())
    socket.write(
      `GET /api/v1/${index % 2 ? 'live' : 'account'} HTTP/1.1\r\nHost: ${hostname}\r\nUpgrade: websocket\r\nX-Slow: `,
    )
    return socket
  })
  await new Promise((resolve) => setTimeout(resolve, 100))
  for (let index = 0; index < 20; index++) {
    const started = performance.now()
    const answer = await stage.json('GET', '/health', {})
    report.expect(THEME, answer.status === 200 && performance.now() - started < 2000, 'slow connections hold up others')
  }
  for (const socket of sockets) socket.destroy()
}
