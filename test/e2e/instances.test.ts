import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createClient, type Client } from '@hatchery/core/sdk'
import { afterEach, describe, expect, test } from 'vitest'
import { TestViewer } from '../../packages/panel/src/live/test-viewer.ts'
import { openTestDatabase } from '../../packages/panel/src/testing/test-database.ts'
import { DIALECTS } from '../../packages/panel/src/testing/dialects.ts'
import { createGameServer } from '../game-server.ts'
import { startAgent, startForwarder, startPanel } from '../panel-process.ts'
import { ADMIN, until } from '../product.ts'

const redisUrl = process.env['HATCHERY_TEST_REDIS']
if (redisUrl === undefined) {
  if (process.env['HATCHERY_CI'] === '1') throw new Error('CI needs HATCHERY_TEST_REDIS.')
  console.log('skipped: two panel instances (HATCHERY_TEST_REDIS is not set)')
}

/** Prints a numbered line a hundred times a second, and says what it was told. */
const TICKING = `exec node -e 'let n = 0; console.log("ready"); setInterval(() => console.log("tick " + ++n), 10);
require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => console.log("heard " + line));
process.on("SIGINT", () => { console.log("bye"); process.exit(0) })'`

const cleanups: (() => Promise<unknown> | void)[] = []
afterEach(async () => {
  for (const clean of cleanups.reverse().splice(0)) await clean()
}, 60_000)

for (const dialect of DIALECTS.filter((name) => name !== 'sqlite')) {
  describe.skipIf(redisUrl === undefined)(`two instances on ${dialect}`, () => {
    test('share nodes, consoles and revocations, and one goes on when the other dies', async () => {
      const { a, b, directory } = await startTwo(dialect)
      const atA = await signIn(a)
      const client = createClient({ url: a, key: await createKey(a, atA) })

      // The agent reaches B; the person is at A.
      const forwarder = await startForwarder(b)
      cleanups.push(() => forwarder.close())
      const node = await createNode(client)
      const { token } = await client.createEnrolmentToken({ params: { node } })
      const agent = await startAgent(forwarder.url, path.join(directory, 'agent'), token)
      cleanups.push(() => agent.stop())
      await statusIs(client, node, 'online')

      const server = await createGameServer(
        { client },
        { name: 'Ticker', startup: TICKING, image: 'none', start: true },
      )
      const topic = `server-console:${server.id}`
      const viewer = await watch(a, atA, topic)
      const neighbour = await watch(b, await signIn(b), topic)
      await tickAfter(viewer, topic)
      await tickAfter(neighbour, topic)
      await client.sendCommand({ params: { server: server.id }, body: { command: 'hello from A' } })
      await lineIs(viewer, topic, 'heard hello from A')
      await lineIs(neighbour, topic, 'heard hello from A')

      // Who leaves on one instance takes nothing from those who stay on the other.
      const passer = await watch(a, atA, topic)
      await tickAfter(passer, topic)
      await neighbour[Symbol.asyncDispose]()
      await tickAfter(viewer, topic)

      // What is taken away on A ends what it carried on B.
      const guest = await signIn(b)
      const revoked = await watch(b, guest, topic)
      const revokedAt = performance.now()
      await signOut(a, guest)
      await until(async () => revoked.closedWith !== null, 2_000, 'the end of a revoked live channel')
      expect(performance.now() - revokedAt).toBeLessThan(2_000)

      await flushRedis()
      await tickAfter(viewer, topic)
      await client.sendCommand({ params: { server: server.id }, body: { command: 'after the flush' } })
      await lineIs(viewer, topic, 'heard after the flush')

      // B dies without a word. Until the agent has found A, nobody claims that the node is there.
      forwarder.target = null
      await panels.get(b)?.kill()
      await statusIs(client, node, 'offline')
      await expect(client.readConsole({ params: { server: server.id } })).rejects.toMatchObject({
        code: 'NODE_UNREACHABLE',
      })
      forwarder.target = a
      await statusIs(client, node, 'online')
      await tickAfter(viewer, topic)
      await tickAfter(passer, topic)
      await client.sendCommand({ params: { server: server.id }, body: { command: 'still here' } })
      await lineIs(viewer, topic, 'heard still here')

      await client.powerServer({ params: { server: server.id }, body: { action: 'stop' } })
      await lineIs(viewer, topic, 'bye')
      await until(
        async () => (await client.getServer({ params: { server: server.id } })).state === 'offline',
        20_000,
        'the stop',
      )

      for (const one of [viewer, passer]) {
        expect(one.closedWith).toBeNull()
        expect(one.skippedOf(topic)).toBe(0)
        expect(one.messages.some(({ type }) => type === 'resync')).toBe(false)
        // Run 0 is the installation.
        const lines = one.linesOf(topic).filter(({ run }) => run > 0)
        expect(lines.length).toBeGreaterThan(200)
        const first = lines[0]!
        expect(lines.map(({ run, line }) => `${run}:${line}`)).toEqual(
          lines.map((_, index) => `${first.run}:${first.line + index}`),
        )
        const ticks = lines.flatMap(({ text }) => (text.startsWith('tick ') ? [Number(text.slice(5))] : []))
        expect(ticks).toEqual(ticks.map((_, index) => ticks[0]! + index))
      }
      await client.deleteServer({ params: { server: server.id } })
    })
  })
}

const panels = new Map<string, Awaited<ReturnType<typeof startPanel>>>()

/** Two panels with one master key on one database and one Redis. */
async function startTwo(dialect: 'postgres' | 'mysql') {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'hatchery-instances-'))
  cleanups.push(() => rmSync(directory, { recursive: true, force: true }))
  const database = await openTestDatabase(dialect)
  cleanups.push(() => database[Symbol.asyncDispose]())
  const key = `${randomBytes(32).toString('base64')}\n`
  const urls: string[] = []
  for (const name of ['a', 'b']) {
    const dataDirectory = path.join(directory, name)
    mkdirSync(dataDirectory, { mode: 0o700 })
    writeFileSync(path.join(dataDirectory, 'master.key'), key, { mode: 0o600 })
    const panel = await startPanel({ dataDirectory, databaseUrl: database.url, redisUrl: redisUrl! })
    cleanups.push(() => panel.stop())
    const url = String(panel.ready['url'])
    panels.set(url, panel)
    urls.push(url)
  }
  return { a: urls[0]!, b: urls[1]!, directory }
}

interface SignedIn {
  readonly headers: { readonly cookie: string }
}

async function signIn(url: string): Promise<SignedIn> {
  const answer = await fetch(`${url}/api/v1/auth/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url },
    body: JSON.stringify({ login: ADMIN.email, password: ADMIN.password }),
  })
  expect(answer.status).toBe(200)
  const cookie = answer.headers
    .getSetCookie()
    .map((value) => value.split(';')[0])
    .join('; ')
  return { headers: { cookie } }
}

async function signOut(url: string, { headers }: SignedIn): Promise<void> {
  const answer = await fetch(`${url}/api/v1/auth/sign-out`, { method: 'POST', headers: { ...headers, origin: url } })
  expect(answer.ok).toBe(true)
}

async function createKey(url: string, { headers }: SignedIn): Promise<string> {
  const answer = await fetch(`${url}/api/v1/account/api-keys`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json', origin: url },
    body: JSON.stringify({ name: 'test' }),
  })
  expect(answer.status).toBe(201)
  return ((await answer.json()) as { secret: string }).secret
}

async function createNode(client: Client): Promise<string> {
  const location = await client.createLocation({ body: { name: 'Here' } })
  const { id } = await client.createNode({
    body: { name: 'node-1', location: location.id, fqdn: '127.0.0.1', memoryMiB: 4096 },
  })
  await client.createAllocations({ params: { node: id }, body: { ip: '127.0.0.1', ports: ['39870-39879'] } })
  return id
}

async function statusIs(client: Client, node: string, status: string): Promise<void> {
  await until(
    async () => (await client.getNode({ params: { node } })).status === status,
    30_000,
    `the node becoming ${status}`,
  )
}

async function watch(url: string, who: SignedIn, topic: string): Promise<TestViewer> {
  const viewer = await TestViewer.open(url, who)
  cleanups.push(() => viewer[Symbol.asyncDispose]())
  expect((await viewer.subscribe(topic)).type).not.toBe('error')
  return viewer
}

const ticksOf = (viewer: TestViewer, topic: string) =>
  viewer.linesOf(topic).filter(({ text }) => text.startsWith('tick ')).length

/** A line that was not there yet. */
async function tickAfter(viewer: TestViewer, topic: string): Promise<void> {
  const before = ticksOf(viewer, topic)
  await until(async () => ticksOf(viewer, topic) > before, 30_000, 'another tick')
}

async function lineIs(viewer: TestViewer, topic: string, text: string): Promise<void> {
  await until(async () => viewer.linesOf(topic).some((line) => line.text === text), 15_000, `the line "${text}"`)
}

async function flushRedis(): Promise<void> {
  const { Redis } = await import('ioredis')
  const redis = new Redis(redisUrl!)
  await redis.flushall()
  redis.disconnect()
}
