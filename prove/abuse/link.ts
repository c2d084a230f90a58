import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { WebSocket } from 'ws'
import { FakeAgent, FAKE_HOST } from '../../packages/panel/src/nodes/fake-agent.ts'
import type { Report } from './report.ts'
import { randomFrom } from './samples.ts'
import { difference, enrol, type Cast, type Stage } from './stage.ts'

const THEME = 'agent link'

/** Strangers, stolen nodes and stale tokens at the door of agents. */
export async function attackLink(stage: Stage, cast: Cast, report: Report, tries: number): Promise<void> {
  await garbageBeforeProof(stage, cast, report, tries)
  await wrongProofs(stage, cast, report)
  await tokens(stage, cast, report)
  await enrolmentRace(stage, cast, report)
  await stolenNode(stage, cast, report)
  await halfOpen(stage, cast, report)
  report.expect(THEME, stage.isAlive, 'the panel crashed', stage.log.slice(-1500))
}

const addressOf = (stage: Stage, node: string) => `${stage.url.replace(/^http/, 'ws')}/api/agent/link?node=${node}`

async function garbageBeforeProof(stage: Stage, cast: Cast, report: Report, tries: number): Promise<void> {
  const random = randomFrom(11)
  const bytes = (length: number) => Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)))
  const before = await stage.ask('tables')
  for (let index = 0; index < tries; index++) {
    const socket = new WebSocket(addressOf(stage, index % 2 ? cast.node : randomUUID()), { perMessageDeflate: false })
    socket.on('error', () => {
      // `close` follows.
    })
    const first = new Promise<Buffer>((resolve) => socket.once('message', (data: Buffer) => resolve(data)))
    const closed = new Promise<number>((resolve) => socket.once('close', (code) => resolve(code)))
    await once(socket, 'open')
    const challenge = await first
    const kind = index % 6
    if (kind === 0) socket.send(bytes(1 + Math.floor(random() * 500)))
    else if (kind === 1) socket.send('text instead of bytes')
    else if (kind === 2) socket.send(challenge)
    else if (kind === 3) socket.send(Buffer.alloc(64 * 1024 + 100, 2))
    else if (kind === 4) socket.send(Buffer.concat([Buffer.from([2, 0xff, 0xff, 0xff, 0xff]), bytes(64)]))
    else socket.send(Buffer.from([2]))
    const ended = await Promise.race([closed, new Promise<null>((resolve) => setTimeout(resolve, 3000, null))])
    report.expect(THEME, ended !== null, 'garbage before the proof keeps the connection', `kind ${kind}`)
    socket.terminate()
    if (!stage.isAlive) return
  }
  const changes = difference(before, await stage.ask('tables'))
  report.expect(THEME, changes.length === 0, 'garbage changed the database', changes)
}

async function wrongProofs(stage: Stage, cast: Cast, report: Report): Promise<void> {
  const { agent } = cast
  const other = await stage.ask('node')
  const before = await stage.ask('tables')
  const impostors: [string, FakeAgent][] = [
    ['another secret', new FakeAgent(cast.node, agent.keyId, Buffer.alloc(32, 9), agent.installation)],
    ['another key id', new FakeAgent(cast.node, 'nk_nothing', agent.secret, agent.installation)],
    ['a very long key id', new FakeAgent(cast.node, 'n'.repeat(5000), agent.secret, agent.installation)],
    ['the node of somebody else', new FakeAgent(other.uuid, agent.keyId, agent.secret, agent.installation)],
    ['a node that does not exist', new FakeAgent(randomUUID(), agent.keyId, agent.secret, agent.installation)],
  ]
  for (const [what, impostor] of impostors) {
    const refused = await impostor.connect(stage.url).then(
      () => false,
      () => true,
    )
    report.expect(THEME, refused, 'a wrong proof was taken', what)
  }
  const changes = difference(before, await stage.ask('tables'))
  report.expect(THEME, changes.length === 0, 'a wrong proof changed the database', changes)
  report.expect(THEME, agent.session !== null, 'a wrong proof replaced the real agent')
}

async function tokens(stage: Stage, cast: Cast, report: Report): Promise<void> {
  const cookie = await stage.cookieOf(cast.admin)
  const node = await stage.ask('node')
  const issue = async () =>
    (
      JSON.parse((await stage.json('POST', `/nodes/${node.uuid}/enrolment-token`, { cookie })).text) as {
        token: string
      }
    ).token
  const redeem = (token: string, values: object = {}) =>
    stage.json(
      'POST',
      '/agent/enrol',
      {},
      {
        token,
        secret: Buffer.alloc(32, 5).toString('base64url'),
        installation: cast.server.uuid,
        host: FAKE_HOST,
        ...values,
      },
    )

  const first = await issue()
  const second = await issue()
  for (const [what, token] of [
    ['a replaced token', first],
    ['an unknown token', `he_${'x'.repeat(43)}`],
    ['a longer token', `${second}x`],
    ['a shorter token', second.slice(0, -1)],
    ['a token in upper case', second.toUpperCase()],
  ] as const) {
    const answer = await redeem(token)
    report.expect(THEME, answer.status >= 400 && answer.status < 500, `${what} was taken`, answer.text)
  }
  const good = await redeem(second)
  report.expect(THEME, good.status === 200, 'a good token is refused', good.text)
  const again = await redeem(second)
  report.expect(THEME, again.text === good.text, 'the same request got another answer', again.text)
  const thief = await redeem(second, { secret: Buffer.alloc(32, 6).toString('base64url') })
  report.expect(THEME, thief.code === 'ENROLMENT_LOCKED', 'a used token gave a second secret', thief.text)
  const locked = new FakeAgent(
    node.uuid,
    (JSON.parse(good.text) as { keyId: string }).keyId,
    Buffer.alloc(32, 5),
    cast.server.uuid,
  )
  const refused = await locked.connect(stage.url).then(
    () => false,
    () => true,
  )
  report.expect(THEME, refused, 'a locked node may connect')
}

async function enrolmentRace(stage: Stage, cast: Cast, report: Report): Promise<void> {
  const cookie = await stage.cookieOf(cast.admin)
  const node = await stage.ask('node')
  const issued = await stage.json('POST', `/nodes/${node.uuid}/enrolment-token`, { cookie })
  const { token } = JSON.parse(issued.text) as { token: string }
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      stage.json(
        'POST',
        '/agent/enrol',
        {},
        {
          token,
          secret: Buffer.alloc(32, index + 1).toString('base64url'),
          installation: randomUUID(),
          host: FAKE_HOST,
        },
      ),
    ),
  )
  const won = answers.filter(({ status }) => status === 200).length
  report.expect(THEME, won === 1, 'a token was redeemed more than once', `${won} of 50`)
  report.expect(
    THEME,
    answers.every(({ status }) => status < 500),
    'a race failed inside',
    answers.find(({ status }) => status >= 500)?.text,
  )
  report.tried(THEME, 48)
}

/** A node whose secret was stolen says things about what is not its own. */
async function stolenNode(stage: Stage, cast: Cast, report: Report): Promise<void> {
  const cookie = await stage.cookieOf(cast.admin)
  const thiefNode = await stage.ask('node')
  const issued = await stage.json('POST', `/nodes/${thiefNode.uuid}/enrolment-token`, { cookie })
  await using thief = await enrol(stage, (JSON.parse(issued.text) as { token: string }).token)
  await thief.connect(stage.url)
  const settle = () => new Promise((resolve) => setTimeout(resolve, 300))
  await settle()

  const about = (await stage.ask('tables'))['servers']?.find((row) => row.includes(cast.server.uuid))
  const features = (await stage.ask('tables'))['server_features']?.length
  const server = cast.server.uuid
  const at = Date.now()
  const generation = { epoch: 1, n: 1 }
  const report_ = {
    server,
    generation,
    state: 'running',
    install: 'installed',
    run: 99,
    stateSeq: 99_999,
    startedAt: at,
    exit: null,
    isOrphaned: false,
  }
  const events: readonly unknown[] = [
    { name: 'server.report', data: report_ },
    { name: 'snapshot', data: { servers: [report_] } },
    { name: 'server.deleted', data: { server, generation, at } },
    { name: 'server.crashed', data: { server, run: 1, code: 1, oomKilled: false, restartAt: null, at } },
    {
      name: 'server.feature',
      data: { server, feature: 'eula', line: '<img src=x onerror=alert(1)>', isPending: true, at },
    },
    { name: 'operation.finished', data: { operation: randomUUID(), server, status: 'succeeded', error: null, at } },
    { name: 'server.report', data: { ...report_, state: 'nonsense' } },
    { name: 'server.report', data: null },
    { name: '__proto__', data: {} },
    { name: 'constructor', data: {} },
    { name: 'lost', data: { count: -1 } },
    { name: 'x'.repeat(10_000), data: { deep: JSON.parse('['.repeat(2000) + ']'.repeat(2000)) as unknown } },
    { name: 'server.report', data: { ...report_, server: "' OR 1=1 --" } },
    { name: 'server.report', data: { ...report_, server: 'a\u0000b' } },
  ]
  for (const event of events) thief.emit(event as never)
  for (const name of ['console', 'stats', 'operation.progress', '__proto__']) {
    thief.session?.emit({
      name,
      data: { server, lines: [{ run: 1, line: 1, at, kind: 'out', text: 'forged' }] },
    } as never)
  }
  await settle()
  await settle()
  const after = await stage.ask('tables')
  report.tried(THEME, events.length)
  const now = after['servers']?.find((row) => row.includes(cast.server.uuid))
  report.expect(THEME, now === about, 'a node changed the server of another node', `${about}\n      ${now}`)
  report.expect(THEME, after['server_features']?.length === features, 'a node set a feature of a foreign server')
  const shown = await stage.json('GET', `/servers/${server}`, { cookie })
  report.expect(THEME, !/forged|onerror/.test(shown.text), 'a node put words into a foreign server', shown.text)

  // It reports servers that do not exist, as many as it likes.
  const rows = () =>
    stage.ask('tables').then((tables) => (tables['settings']?.length ?? 0) + (tables['event_log']?.length ?? 0))
  const before = await rows()
  const flood = 3000
  for (let index = 0; index < flood; index++)
    thief.emit({ name: 'server.report', data: { ...report_, server: randomUUID() } } as never)
  const end = Date.now() + 8000
  let stored = before
  for (let last = -1; last !== stored && Date.now() < end;) {
    last = stored
    await settle()
    stored = await rows()
  }
  report.tried(THEME, flood)
  report.expect(
    THEME,
    stored - before <= 2200,
    'a node fills the database with servers that do not exist',
    `${stored - before} rows`,
  )
  const health = await stage.json('GET', `/nodes/${cast.node}`, { cookie })
  report.expect(THEME, health.status === 200, 'the panel does not answer while a node floods it', health.text)
  report.expect(THEME, stage.isAlive, 'a stolen node crashed the panel', stage.log.slice(-800))
}

/** Handshakes that are begun and never ended take nobody's place. */
async function halfOpen(stage: Stage, cast: Cast, report: Report): Promise<void> {
  await cast.agent.disconnect()
  const sockets = Array.from({ length: 400 }, () => {
    const socket = new WebSocket(addressOf(stage, randomUUID()), {
      perMessageDeflate: false,
      localAddress: '127.0.0.9',
    })
    socket.on('error', () => {
      // Refused or cut off: both are fine.
    })
    return socket
  })
  await new Promise((resolve) => setTimeout(resolve, 1500))
  const connected = await cast.agent.connect(stage.url).then(
    () => true,
    () => false,
  )
  report.tried(THEME, sockets.length)
  report.expect(THEME, connected, 'half-open handshakes keep a real agent out')
  for (const socket of sockets) socket.terminate()
  if (!connected) await cast.agent.connect(stage.url)
}
