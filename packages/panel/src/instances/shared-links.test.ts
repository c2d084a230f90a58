import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { createAllocations, createEnrolmentToken, createLocation, createNode, updateUser } from '@hatchery/core/api'
import { CreditBudget } from '@hatchery/core/protocol'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { openDownload, sendBytes } from '../files/transfer.ts'
import { FakeAgent } from '../nodes/fake-agent.ts'
import { until } from '../nodes/until.ts'
import { openTestDatabase } from '../testing/test-database.ts'
import { createTestPanel, DIALECTS } from '../testing/test-panel.ts'
import { sealRoute } from './data-routes.ts'
import { Peer } from './peer.ts'
import { deriveInstanceSecret } from './sealed-exchange.ts'

const redis = process.env['HATCHERY_TEST_REDIS']
const MASTER_KEY = new Uint8Array(32).fill(7)

/** Two instances on one database, and an agent that is connected to the second. */
async function openTwo(dialect: (typeof DIALECTS)[number]) {
  const database = await openTestDatabase(dialect)
  const options = { database: database.store, masterKey: MASTER_KEY, redis: redis! }
  const a = await createTestPanel({ ...options, instance: 'a' })
  const b = await createTestPanel({ ...options, instance: 'b' })
  const urls = { a: await a.listen(), b: await b.listen() }
  const client = await a.signInAs(await a.createAdmin())
  const location = await client.call(createLocation, { body: { name: 'Frankfurt' } })
  const node = await client.call(createNode, {
    body: { name: 'node-1', location: location.body.id, fqdn: 'node-1.example.com', memoryMiB: 4096 },
  })
  const params = { node: node.body.id }
  await client.call(createAllocations, { params, body: { ip: '127.0.0.1', ports: ['25565'] } })
  const token = await client.call(createEnrolmentToken, { params })
  const agent = await FakeAgent.enrol(a, token.body.token)
  const session = await agent.connect(urls.b)
  const { id } = await a.ctx.db.selectFrom('nodes').select('id').executeTakeFirstOrThrow()
  const row = () => a.ctx.db.selectFrom('nodes').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
  const [atA, atB] = [a.ctx.nodes.of(id), b.ctx.nodes.of(id)]
  await until(() => atA.isConnected && atB.isConnected, 'the connection at both')
  return {
    a,
    b,
    urls,
    agent,
    session,
    id,
    row,
    atA,
    atB,
    async [Symbol.asyncDispose]() {
      await agent[Symbol.asyncDispose]()
      await a[Symbol.asyncDispose]()
      await b[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}

// SQLite has one instance. A file without any test would fail on a machine without the others.
for (const dialect of ['postgres', 'mysql'] as const) {
  describe.skipIf(redis === undefined || !DIALECTS.includes(dialect))(
    `a node of another instance on ${dialect}`,
    () => {
      test('is called there, with its answers and its refusals', async () => {
        await using two = await openTwo(dialect)
        expect(await two.row()).toMatchObject({
          instance: two.b.ctx.config.instance,
          instance_address: two.b.ctx.config.internalAddress,
        })
        expect(await two.atA.call('server.list', {})).toEqual({ servers: [] })
        await expect(two.atA.call('console.watch', { server: randomUUID(), after: null, tail: 0 })).resolves.toEqual({})
        await expect(two.atA.call('server.stats', { server: randomUUID() })).rejects.toMatchObject({
          code: 'SERVER_NOT_FOUND',
        })
      })

      test('is told within two seconds what was taken away here', async () => {
        await using two = await openTwo(dialect)
        const user = await two.a.createUser()
        const admin = await two.a.signInAs(await two.a.createAdmin())
        const takenAt = performance.now()
        await admin.call(updateUser, { params: { user: user.uuid }, body: { state: 'frozen' } })
        await until(() => two.agent.callsOf('access.revoke').length > 0, 'the node is told')
        expect(performance.now() - takenAt).toBeLessThan(2_000)
        expect(two.agent.callsOf('access.revoke').map(({ params }) => params)).toEqual([
          { user: user.uuid, server: null, minRevision: 2 },
        ])
      })

      test('is not called by a stale epoch, and not at all when it is gone', async () => {
        await using two = await openTwo(dialect)
        const { instance, internalAddress } = two.b.ctx.config
        const parts = {
          secret: deriveInstanceSecret(MASTER_KEY),
          log: pino({ level: 'silent' }),
          now: two.b.ctx.now,
        }
        const opened = Promise.withResolvers<void>()
        const peer = new Peer(instance, internalAddress!, parts, { onChange: opened.resolve, onFrame: () => undefined })
        await opened.promise
        const { session_epoch: epoch } = await two.row()
        const call = { node: two.id, method: 'server.list', params: {}, deadlineMs: 1000, stream: peer.stream }
        const before = two.agent.callsOf('server.list').length
        const ask = (body: object) => peer.ask('/call', body, AbortSignal.timeout(5_000))
        expect(await ask({ ...call, epoch: epoch - 1 })).toEqual({ isStale: true })
        expect(two.agent.callsOf('server.list')).toHaveLength(before)
        expect(await ask({ ...call, epoch })).toEqual({ result: { servers: [] } })
        // Events are sent to who has a stream, and to nobody else.
        const watch = { method: 'console.watch', params: { server: randomUUID(), after: null, tail: 0 } }
        expect(await ask({ ...call, ...watch, epoch, stream: randomUUID() })).toEqual({ isStale: true })
        peer.close()

        await two.agent.disconnect()
        await until(() => !two.atA.isConnected, 'the end at the other instance')
        await expect(two.atA.call('server.list', {})).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' })
        expect(await two.row()).toMatchObject({ instance: null, instance_address: null })
      })

      test('loses its older connection when it has connected elsewhere', async () => {
        await using two = await openTwo(dialect)
        const newer = await two.agent.connect(two.urls.a)
        expect(await two.session.closed).toContain('newer')
        await until(async () => (await two.row()).instance === two.a.ctx.config.instance, 'the change of place')
        await until(() => two.atB.isConnected, 'the way back')
        expect(await two.atB.call('server.list', {})).toEqual({ servers: [] })
        expect(newer.hello.sessionEpoch).toBe((await two.row()).session_epoch)
      })

      test('sends and takes bytes, whichever instance asks and whichever one its data sockets come to', async () => {
        await using two = await openTwo(dialect)
        const server = randomUUID()
        const bytes = randomBytes(2_000_000)
        const never = new AbortController().signal
        for (const [asked, dataUrl] of [
          [two.atA, two.urls.b],
          [two.atA, two.urls.a],
          [two.atB, two.urls.a],
          [two.atB, two.urls.b],
        ] as const) {
          two.agent.dataUrl = dataUrl
          const params = { server, path: 'file', ifRevision: null, mode: 'create-or-replace' } as const
          const source = Readable.from([bytes.subarray(0, 700_000), bytes.subarray(700_000)])
          await sendBytes(asked, (ticket) => asked.call('files.write', { ...params, ticket }), source)
          expect(two.agent.files.content.get('file')?.equals(bytes)).toBe(true)
          const part = { server, path: 'file', offset: 1000, length: null, ifRevision: null }
          const download = await openDownload(asked, part, new CreditBudget(1024 * 1024), never)
          expect((await buffer(download.bytes)).equals(bytes.subarray(1000))).toBe(true)
          two.agent.files.content.clear()
        }
      })

      test('brings a data socket nowhere but where an instance has said', async () => {
        await using two = await openTwo(dialect)
        const route = sealRoute(new Uint8Array(32), { kind: 'lent', address: 'http://127.0.0.1:1' })
        for (const wrong of [
          route,
          'x',
          sealRoute(deriveInstanceSecret(MASTER_KEY), { kind: 'held', address: 'x' }).slice(1),
        ]) {
          const socket = new WebSocket(
            `${two.urls.a.replace('http', 'ws')}/api/agent/link?node=${two.agent.node}&stream=data&route=${wrong}`,
          )
          const [error] = (await once(socket, 'error')) as [Error]
          expect(error.message).toContain('socket hang up')
        }
      })

      test('is disconnected from anywhere', async () => {
        await using two = await openTwo(dialect)
        two.a.ctx.nodes.disconnect(two.id, 'an administrator says so')
        expect(await two.session.closed).toBe('an administrator says so')
      })

      test('of an instance whose lease has ended is disconnected, and comes back if the instance lives', async () => {
        await using two = await openTwo(dialect)
        await two.a.ctx.store.transaction(async (trx) => {
          const name = `instance:${two.b.ctx.config.instance}`
          await trx.updateTable('leases').set({ expires_at: 0 }).where('name', '=', name).execute()
        })
        const events = (type: string) =>
          two.a.ctx.db.selectFrom('event_log').select('id').where('type', '=', type).execute()
        const before = (await events('node:connected')).length
        await until(async () => (await events('node:disconnected')).length > 0, 'the end')
        await until(async () => (await events('node:connected')).length > before, 'the return')
        await until(() => two.atA.isConnected, 'the connection')
        expect((await two.row()).instance).toBe(two.b.ctx.config.instance)
      })
    },
  )
}
