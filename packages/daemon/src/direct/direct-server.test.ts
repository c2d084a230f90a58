import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { connect as connectTls } from 'node:tls'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { DIRECT_TOKEN_MS, signDirectToken, type DirectClaims } from '@hatchery/core/protocol'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { newOperation } from '../testing/server-spec.ts'
import { DirectServer } from './direct-server.ts'
import { TestAgent } from '../testing/test-agent.ts'

const PAGE = 'https://panel.example.com'

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** An agent with an installed server that browsers reach directly, and the panel's secret to sign with. */
async function withBrowser(change: Parameters<TestAgent['installed']>[0] = {}) {
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const agent = await TestAgent.start({ daemon: { direct: { url: origin, host: '127.0.0.1', port, tls: null } } })
  const { id: server } = await agent.installed(change)
  const { panel } = agent
  const data = join(agent.dataDirectory, 'volumes', server, 'data-1')
  mkdirSync(join(data, 'world'), { recursive: true })
  writeFileSync(join(data, 'world/level.dat'), 'the world')
  const [[keyId, secret] = ['', new Uint8Array()]] = panel.secrets
  const user = randomUUID()
  const claims = (part: Partial<DirectClaims> = {}): DirectClaims => ({
    id: randomBytes(16).toString('hex'),
    keyId,
    node: panel.node,
    server,
    user,
    action: 'download',
    subject: 'world/level.dat',
    accessRevision: 5,
    origin: PAGE,
    expiresAt: Date.now() + DIRECT_TOKEN_MS,
    ...part,
  })
  const sign = (part: Partial<DirectClaims> = {}) => signDirectToken(secret, claims(part))
  return {
    agent,
    panel,
    server,
    data,
    user,
    origin,
    secret,
    claims,
    sign,
    get: (token: string) => fetch(`${origin}/direct/v1/files?token=${token}`),
    patch: (token: string, offset: number, body: string) =>
      fetch(`${origin}/direct/v1/uploads?token=${token}&offset=${offset}`, {
        method: 'PATCH',
        body,
        headers: { 'content-type': 'application/octet-stream', origin: PAGE },
      }),
    async [Symbol.asyncDispose]() {
      await agent[Symbol.asyncDispose]()
    },
  }
}

const codeOf = async (answer: Response) =>
  [answer.status, ((await answer.json()) as { error: { code: string } }).error.code] as const

interface LiveEvent {
  readonly topic: string
  readonly cursor?: string
  readonly event: unknown
}
const linesOf = (event: unknown) => (event as { lines: { run: number; line: number }[] }).lines

/** A live channel as a page of the panel opens it. */
async function openLive(origin: string, token: string, page = PAGE) {
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/direct/v1/live?token=${token}`, { origin: page })
  const closed = new Promise<number>((resolve) => socket.once('close', resolve))
  const messages: (LiveEvent & { type: string; id?: number; error?: { code: string } })[] = []
  const waiting = new Set<() => void>()
  socket.on('message', (data) => {
    messages.push(JSON.parse(String(data)) as (typeof messages)[number])
    for (const look of waiting) look()
  })
  const find = async (fits: (message: (typeof messages)[number]) => boolean) => {
    const { promise, resolve } = Promise.withResolvers<(typeof messages)[number]>()
    const look = () => {
      const found = messages.find(fits)
      if (found) resolve(found)
    }
    waiting.add(look)
    look()
    return promise.finally(() => waiting.delete(look))
  }
  await once(socket, 'open')
  let id = 0
  return {
    socket,
    closed,
    async ask(request: Record<string, unknown>): Promise<string> {
      const own = ++id
      socket.send(JSON.stringify({ ...request, id: own }))
      const { type, error } = await find((message) => message.id === own)
      return error?.code ?? type
    },
    until: (kind: string, fits: (message: LiveEvent) => boolean) =>
      find((message) => message.type === 'event' && message.topic.startsWith(kind) && fits(message)),
    async [Symbol.asyncDispose]() {
      socket.terminate()
    },
  }
}

/** Sizes of the files of an upload, wherever the agent keeps them. */
const sizesOf = (volume: string, upload: string): number[] =>
  readdirSync(volume, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.includes(upload))
    .map((path) => statSync(join(volume, path)).size)

describe('browsers at the node', () => {
  test('a token opens the file that it names, once, as an attachment', async () => {
    await using stage = await withBrowser()
    const token = stage.sign()
    const answer = await stage.get(token)
    expect(await answer.text()).toBe('the world')
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': '9',
      'content-disposition': `attachment; filename="level.dat"; filename*=UTF-8''level.dat`,
      'content-security-policy': "sandbox; default-src 'none'",
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'private, no-store',
    })
    expect(await codeOf(await stage.get(token))).toEqual([401, 'DIRECT_TOKEN_INVALID'])
  })

  test('a token that was used stays used when the agent starts anew', async () => {
    await using stage = await withBrowser()
    const token = stage.sign()
    expect((await stage.get(token)).status).toBe(200)
    await stage.agent.stop()
    await stage.agent.start()
    expect(await codeOf(await stage.get(token))).toEqual([401, 'DIRECT_TOKEN_INVALID'])
  })

  test('an upload is added to and stays with its owner, and only the page it was made for may read the answer', async () => {
    await using stage = await withBrowser()
    const { panel, server, user, data, origin } = stage
    const upload = randomUUID()
    await panel.call('uploads.begin', { server, upload, owner: user, path: 'big.bin', sizeBytes: 8, mode: 'create' })
    const token = () => stage.sign({ action: 'upload', subject: upload })
    const first = token()
    const asked = await fetch(`${origin}/direct/v1/uploads?token=${first}&offset=0`, {
      method: 'OPTIONS',
      headers: { origin: PAGE, 'access-control-request-method': 'PATCH' },
    })
    expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([204, PAGE])
    const answer = await stage.patch(first, 0, 'half')
    expect([answer.headers.get('access-control-allow-origin'), await answer.json()]).toMatchObject([
      PAGE,
      { id: upload, offset: 4 },
    ])
    expect(await codeOf(await stage.patch(token(), 2, 'full'))).toEqual([409, 'UPLOAD_OFFSET'])
    const other = stage.sign({ action: 'upload', subject: upload, user: randomUUID() })
    expect(await codeOf(await stage.patch(other, 4, 'evil'))).toEqual([404, 'UPLOAD_NOT_FOUND'])
    expect((await stage.patch(token(), 4, 'full')).status).toBe(200)
    await panel.call('uploads.finish', { server, upload, owner: user })
    expect(readFileSync(join(data, 'big.bin'), 'utf8')).toBe('halffull')
  })

  test('anything else than a whole, fresh token of this node for this opens nothing', async () => {
    await using stage = await withBrowser({ fileDenylist: ['secret.txt'] })
    const { secret, claims, sign, get } = stage
    const good = sign()
    const [said = '', proof = ''] = good.split('.')
    const altered = Buffer.from(JSON.stringify(claims({ subject: 'secret.txt' }))).toString('base64url')
    const tokens: Record<string, string> = {
      nothing: '',
      'no proof': said,
      'an empty proof': `${said}.`,
      'another proof': `${said}.${Buffer.alloc(32).toString('base64url')}`,
      'a third part': `${good}.x`,
      'altered claims': `${altered}.${proof}`,
      'another secret': signDirectToken(randomBytes(32), claims()),
      'an unknown key': signDirectToken(secret, claims({ keyId: 'nk_other' })),
      'another node': sign({ node: randomUUID() }),
      'another action': sign({ action: 'upload', subject: randomUUID() }),
      'its time over': sign({ expiresAt: Date.now() }),
      'a time that nobody grants': sign({ expiresAt: Date.now() + 10 * DIRECT_TOKEN_MS }),
      'a huge token': `${'A'.repeat(10_000)}.${proof}`,
    }
    for (const [name, token] of Object.entries(tokens)) {
      expect([name, ...(await codeOf(await get(token)))]).toEqual([name, 401, 'DIRECT_TOKEN_INVALID'])
    }
    expect(await codeOf(await get(sign({ subject: 'secret.txt' })))).toEqual([403, 'FILE_PROTECTED'])
    expect(await codeOf(await get(sign({ subject: '../identity' })))).toEqual([403, 'PATH_OUTSIDE'])
    expect(await codeOf(await get(sign({ server: randomUUID() })))).toEqual([404, 'SERVER_NOT_FOUND'])
    // None of them has used the good one up.
    expect((await get(good)).status).toBe(200)
  })

  test('access that was taken back in the same moment opens nothing, for the server or for all', async () => {
    await using stage = await withBrowser()
    const { panel, user, server, sign, get } = stage
    await panel.call('access.revoke', { user, server, minRevision: 6 })
    expect(await codeOf(await get(sign({ accessRevision: 5 })))).toEqual([401, 'DIRECT_TOKEN_INVALID'])
    expect((await get(sign({ accessRevision: 6 }))).status).toBe(200)
    // A lower floor never replaces a higher one.
    await panel.call('access.revoke', { user, server, minRevision: 2 })
    expect(await codeOf(await get(sign({ accessRevision: 5 })))).toEqual([401, 'DIRECT_TOKEN_INVALID'])
    await panel.call('access.revoke', { user, server: null, minRevision: 9 })
    expect(await codeOf(await get(sign({ accessRevision: 8 })))).toEqual([401, 'DIRECT_TOKEN_INVALID'])
    expect((await get(sign({ accessRevision: 5, user: randomUUID() }))).status).toBe(200)
  })

  test('what is open when access is taken back ends, of this person alone', async () => {
    await using stage = await withBrowser()
    const { panel, server, user, origin } = stage
    const other = randomUUID()
    const begin = async (owner: string) => {
      const upload = randomUUID()
      await panel.call('uploads.begin', { server, upload, owner, path: `${owner}.bin`, sizeBytes: 8, mode: 'create' })
      const body = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(Buffer.from('half')) })
      const token = stage.sign({ action: 'upload', subject: upload, user: owner })
      const sent = fetch(`${origin}/direct/v1/uploads?token=${token}`, {
        method: 'PATCH',
        body,
        duplex: 'half',
      } as RequestInit)
      // An upload that is being added to answers nobody else; what it has is seen on the disk.
      await expect.poll(() => sizesOf(join(stage.agent.dataDirectory, 'volumes', server), upload)).toContain(4)
      sent.catch(() => {
        // How it ends is looked at below.
      })
      return { sent }
    }
    const [mine, theirs] = [(await begin(user)).sent, (await begin(other)).sent]
    let isEnded = false
    const watched = theirs.then(
      () => (isEnded = true),
      () => (isEnded = true),
    )
    await panel.call('access.revoke', { user, server: null, minRevision: 6 })
    const answer = await mine.catch(() => null)
    expect(answer === null || answer.status === 401).toBe(true)
    expect(isEnded).toBe(false)
    await stage.agent.stop()
    await watched
  })

  test('without its panel the node opens nothing', async () => {
    await using stage = await withBrowser()
    await stage.panel[Symbol.asyncDispose]()
    await expect.poll(async () => (await stage.get(stage.sign())).status).toBe(401)
  })

  test('the console and the readings of one server come live, from where the page has them', async () => {
    await using stage = await withBrowser()
    const { panel, server, user, agent } = stage
    const subject = 'server-console server-stats'
    await using live = await openLive(stage.origin, stage.sign({ action: 'live', subject }))
    expect(await live.ask({ type: 'subscribe', topic: `server-console:${server}` })).toBe('ok')
    await agent.power(server, 'start')
    await panel.untilState(server, 'running')
    const first = await live.until('server-console', ({ event }) => linesOf(event).length > 0)
    expect(await live.ask({ type: 'subscribe', topic: `server-stats:${server}` })).toBe('ok')
    await live.until('server-stats', ({ event }) => typeof (event as { stats: unknown }).stats === 'object')

    await using later = await openLive(stage.origin, stage.sign({ action: 'live', subject }))
    expect(await later.ask({ type: 'subscribe', topic: `server-console:${server}`, cursor: first.cursor })).toBe('ok')
    await panel.call('server.command', { server, command: 'hello', ...newOperation() })
    const [next] = linesOf((await later.until('server-console', ({ event }) => linesOf(event).length > 0)).event)
    // The one that follows in the eyes of who has watched all the while.
    const { lines } = await panel.call('console.read', { server, after: first.cursor ?? null, limit: 1 })
    expect([next?.run, next?.line]).toEqual([lines[0]?.run, lines[0]?.line])

    await panel.call('access.revoke', { user, server, minRevision: 6 })
    expect(await Promise.all([live.closed, later.closed])).toEqual([4403, 4403])
  })

  test('a live channel gives what its token names, to the page it was made for', async () => {
    await using stage = await withBrowser()
    const { server } = stage
    const token = () => stage.sign({ action: 'live', subject: 'server-stats' })
    await using live = await openLive(stage.origin, token())
    const refused = ['server-console:' + server, 'server-stats:' + randomUUID(), 'servers', `server-files:${server}`]
    for (const topic of refused) expect(await live.ask({ type: 'subscribe', topic })).toBe('PERMISSION_DENIED')
    expect(await live.ask({ type: 'command', server, command: 'stop' })).toBe('PERMISSION_DENIED')
    await expect(openLive(stage.origin, token(), 'https://evil.example.com')).rejects.toThrow('401')
    await expect(openLive(stage.origin, stage.sign())).rejects.toThrow('401')
    await expect(openLive(stage.origin, '')).rejects.toThrow('401')
    const closing = await openLive(stage.origin, token())
    closing.socket.send('{"type":"subscribe"')
    expect(await closing.closed).toBe(4400)
  })

  test('speaks TLS with a certificate of its own, and takes the renewed one without an end of service', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'hatchery-tls-'))
    const tls = { certificateFile: join(directory, 'cert.pem'), keyFile: join(directory, 'key.pem') }
    const issue = (name: string) => {
      const about = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2', '-nodes']
      const files = ['-keyout', tls.keyFile, '-out', tls.certificateFile]
      execFileSync(
        'openssl',
        ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', ...about, ...files],
        {
          stdio: 'ignore',
        },
      )
    }
    issue('first')
    const state = { secrets: null, usedTokens: null, accessFloors: { onRaise: () => () => {} } } as never
    await using server = new DirectServer({
      direct: { url: 'https://127.0.0.1', host: '127.0.0.1', port: 0, tls },
      log: pino({ level: 'silent' }),
      state,
      files: null as never,
      node: () => null,
      now: Date.now,
      isConnected: () => false,
      serverOf: () => null as never,
    })
    await server.start()
    const nameOf = async (): Promise<string> => {
      const options = { port: server.port, host: '127.0.0.1', rejectUnauthorized: false }
      const socket = connectTls(options)
      await once(socket, 'secureConnect')
      const { subject } = socket.getPeerCertificate()
      socket.destroy()
      return String(subject.CN)
    }
    expect(await nameOf()).toBe('first')
    issue('second')
    await server.renew()
    expect(await nameOf()).toBe('second')
    writeFileSync(tls.certificateFile, 'half written')
    await server.renew()
    expect(await nameOf()).toBe('second')
    rmSync(directory, { recursive: true })
  })

  test('there is nothing else', async () => {
    await using stage = await withBrowser()
    const { origin } = stage
    expect((await fetch(`${origin}/direct/v1/ping`)).status).toBe(204)
    for (const path of ['/', '/direct', '/direct/v1/files/../../etc/passwd', '/direct/v1/uploads']) {
      expect((await fetch(`${origin}${path}`)).status).toBe(404)
    }
  })
})
