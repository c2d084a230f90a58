import {
  createSubuser,
  deleteSubuser,
  deleteServer,
  powerServer,
  reinstallServer,
  updateServer,
  type LiveMessage,
} from '@hatchery/core/api'
import { describe, expect, test } from 'vitest'
import { createTestNode, type TestNode } from '../nodes/test-node.ts'
import { until } from '../nodes/until.ts'
import { DIALECTS } from '../testing/test-panel.ts'
import { TestViewer } from './test-viewer.ts'

const textsOf = (viewer: TestViewer, topic: string) => viewer.linesOf(topic).map(({ text }) => text)
const isError = (code: string) => (message: LiveMessage) => message.type === 'error' && message.error.code === code

async function withServer(options: Parameters<typeof createTestNode>[0] = {}): Promise<TestNode & { server: string }> {
  const node = await createTestNode(options)
  const server = await node.createServer()
  node.agent.report(server.id, { state: 'running', run: 1 })
  return Object.assign(node, { server: server.id })
}

describe('opening', () => {
  test('says hello to who is signed in and closes for everybody else', async () => {
    await using node = await createTestNode()
    await using viewer = await TestViewer.open(node.url, node.client)
    await viewer.find(({ type }) => type === 'hello')
    await using stranger = await TestViewer.open(node.url, { headers: {} })
    await until(() => stranger.closedWith !== null)
    expect(stranger.closedWith).toBe(4401)
    expect(stranger.messages).toEqual([])
  })

  test('refuses a page of another site before the upgrade', async () => {
    await using node = await createTestNode()
    const opening = TestViewer.open(node.url, node.client, { origin: 'https://evil.example.com' })
    await expect(opening).rejects.toThrow('403')
  })

  test('answers nonsense with an error and stays open', async () => {
    await using node = await createTestNode()
    await using viewer = await TestViewer.open(node.url, node.client)
    viewer.socket.send('{"type":"subscribe"}')
    viewer.socket.send(Buffer.from([1, 2, 3]))
    await until(() => viewer.messages.filter(isError('BAD_REQUEST')).length === 2)
    expect(await viewer.ask({ type: 'ping' })).toMatchObject({ type: 'ok' })
    expect(await viewer.subscribe('weather')).toMatchObject({ type: 'error' })
    expect(await viewer.subscribe('server-console')).toMatchObject({ type: 'error' })
  })
})

describe('console', () => {
  test('starts with the newest lines and goes on with each line once, for all viewers over one watch', async () => {
    await using node = await withServer()
    const { agent, server } = node
    const topic = `server-console:${server}`
    agent.print(server, 'one', 'two')
    await using first = await TestViewer.open(node.url, node.client)
    await first.subscribe(topic)
    await until(() => textsOf(first, topic).length === 2)
    await using second = await TestViewer.open(node.url, node.client)
    await second.subscribe(topic)
    agent.print(server, 'three')
    for (const viewer of [first, second]) {
      await until(() => textsOf(viewer, topic).length === 3)
      expect(textsOf(viewer, topic)).toEqual(['one', 'two', 'three'])
    }
    expect(agent.callsOf('console.watch')).toHaveLength(1)
  })

  test('is watched at the node only while somebody looks', async () => {
    await using node = await withServer()
    const { agent, server } = node
    const topic = `server-console:${server}`
    await using viewer = await TestViewer.open(node.url, node.client)
    await viewer.subscribe(topic)
    await until(() => agent.watched.has(server))
    await viewer.ask({ type: 'unsubscribe', topic })
    await until(() => !agent.watched.has(server))
    await viewer.subscribe(topic)
    await until(() => agent.watched.has(server))
    await viewer[Symbol.asyncDispose]()
    await until(() => !agent.watched.has(server))
  })

  test('resumes at a cursor without gap or duplicate, also from before what the panel keeps', async () => {
    await using node = await withServer()
    const { agent, server } = node
    const topic = `server-console:${server}`
    const texts = Array.from({ length: 6_000 }, (_, index) => `line ${index + 1}`)
    agent.print(server, ...texts)
    await using viewer = await TestViewer.open(node.url, node.client)
    await viewer.subscribe(topic, '1:10')
    await until(() => viewer.linesOf(topic).at(-1)?.line === 6_000, 'the last line')
    agent.print(server, 'after')
    await until(() => viewer.linesOf(topic).at(-1)?.text === 'after')
    expect(viewer.linesOf(topic).map(({ line }) => line)).toEqual(Array.from({ length: 5_991 }, (_, i) => i + 11))
  })

  test('a cursor that the node no longer has starts again with a snapshot', async () => {
    await using node = await withServer()
    const { agent, server } = node
    const topic = `server-console:${server}`
    agent.print(server, 'one', 'two')
    await using viewer = await TestViewer.open(node.url, node.client)
    await viewer.subscribe(topic, '7:99')
    await viewer.find(({ type }) => type === 'resync')
    await until(() => textsOf(viewer, topic).length === 2)
  })

  test('goes on without gap or duplicate when the node was away', async () => {
    await using node = await withServer()
    const { agent, server } = node
    const topic = `server-console:${server}`
    agent.print(server, 'one')
    await using viewer = await TestViewer.open(node.url, node.client)
    await viewer.subscribe(topic)
    await until(() => textsOf(viewer, topic).length === 1)
    await agent.disconnect()
    agent.print(server, 'two', 'three')
    await node.connect()
    agent.print(server, 'four')
    await until(() => textsOf(viewer, topic).includes('four'))
    expect(textsOf(viewer, topic)).toEqual(['one', 'two', 'three', 'four'])
  })

  test('lines that were lost on the way are asked for again', async () => {
    await using node = await withServer()
    const { agent, server } = node
    const topic = `server-console:${server}`
    agent.print(server, 'one')
    await using viewer = await TestViewer.open(node.url, node.client)
    await viewer.subscribe(topic)
    await until(() => agent.watched.has(server) && textsOf(viewer, topic).length === 1)
    agent.watched.delete(server)
    agent.print(server, 'two')
    agent.watched.add(server)
    agent.print(server, 'three')
    await until(() => textsOf(viewer, topic).length === 3)
    expect(textsOf(viewer, topic)).toEqual(['one', 'two', 'three'])
  })

  test('may be opened while the node is away', async () => {
    await using node = await withServer()
    const { agent, server } = node
    const topic = `server-console:${server}`
    await agent.disconnect()
    await until(() => !node.panel.ctx.nodes.of(1).isConnected)
    await using viewer = await TestViewer.open(node.url, node.client)
    expect(await viewer.subscribe(topic)).toMatchObject({ type: 'ok' })
    agent.print(server, 'hello')
    await node.connect()
    await until(() => textsOf(viewer, topic).includes('hello'))
  })

  test('a stalled viewer is passed over with a count, and the others miss nothing', async () => {
    await using node = await withServer()
    const { agent, server } = node
    const topic = `server-console:${server}`
    await using stalled = await TestViewer.open(node.url, node.client)
    await using other = await TestViewer.open(node.url, node.client)
    await stalled.subscribe(topic)
    await other.subscribe(topic)
    await until(() => agent.watched.has(server))
    stalled.socket.pause()
    const filler = 'x'.repeat(1_000)
    let printed = 0
    // As long as it takes to fill the buffers of the system and then those of the panel.
    while (printed < 20_000) {
      agent.print(server, ...Array.from({ length: 200 }, () => filler))
      printed += 200
      await until(() => other.linesOf(topic).length === printed, 'the lines of the other viewer')
    }
    stalled.socket.resume()
    agent.print(server, 'the end')
    await until(() => stalled.linesOf(topic).at(-1)?.text === 'the end' || (agent.print(server, 'the end'), false))
    expect(stalled.skippedOf(topic)).toBeGreaterThan(0)
    expect(other.skippedOf(topic)).toBe(0)
    const received = stalled.linesOf(topic).length + stalled.skippedOf(topic)
    expect(received).toBe(stalled.linesOf(topic).at(-1)?.line)
  }, 60_000)

  test('a node cannot speak for the server of another one', async () => {
    await using node = await withServer()
    const { server, panel } = node
    const topic = `server-console:${server}`
    await using viewer = await TestViewer.open(node.url, node.client)
    await viewer.subscribe(topic)
    await until(() => node.agent.watched.has(server))
    const other = await panel.createNode()
    await panel.ctx.store.transaction(async (trx) => {
      await trx.updateTable('servers').set({ node_id: other.id }).where('uuid', '=', server).execute()
    })
    // A subscription that begins now is about the other node.
    await using late = await TestViewer.open(node.url, node.client)
    await viewer.ask({ type: 'unsubscribe', topic })
    await until(() => !node.agent.watched.has(server))
    await late.subscribe(topic)
    node.agent.watched.add(server)
    node.agent.print(server, 'forged')
    await late.ask({ type: 'ping' })
    node.agent.emit({
      name: 'server.report',
      data: { ...node.agent.servers.get(server)!, state: 'offline', stateSeq: 999 },
    })
    await until(() => node.agent.outbox.acknowledgedSeq === node.agent.outbox.lastSeq)
    expect(textsOf(late, topic)).toEqual([])
    const row = await panel.ctx.db
      .selectFrom('servers')
      .select('process_state')
      .where('uuid', '=', server)
      .executeTakeFirst()
    expect(row?.process_state).toBe('running')
  })

  test('a command goes to the server and is answered; without the permission it does not', async () => {
    await using node = await withServer()
    const { agent, server, panel } = node
    await using viewer = await TestViewer.open(node.url, node.client)
    expect(await viewer.ask({ type: 'command', server, command: 'say hi' })).toMatchObject({ type: 'ok' })
    expect(agent.callsOf('server.command')).toHaveLength(1)
    await using stranger = await TestViewer.open(node.url, await panel.signInAs(await panel.createUser()))
    const answer = await stranger.ask({ type: 'command', server, command: 'op stranger' })
    expect(answer).toMatchObject({ type: 'error', error: { code: 'SERVER_NOT_FOUND' } })
    expect(agent.callsOf('server.command')).toHaveLength(1)
  })
})

test('statistics are asked for only while somebody looks, and again when the node is back', async () => {
  await using node = await withServer()
  const { agent, server } = node
  const topic = `server-stats:${server}`
  await using viewer = await TestViewer.open(node.url, node.client)
  await viewer.subscribe(topic)
  const readings = () =>
    viewer.eventsOf(topic).map(({ event }) => (event as { stats: { cpuPercent: number } }).stats.cpuPercent)
  await until(() => agent.measured.has(server))
  agent.measure(server, 12.5)
  await until(() => readings().at(-1) === 12.5)
  await using late = await TestViewer.open(node.url, node.client)
  await late.subscribe(topic)
  await until(() => late.eventsOf(topic).length === 1)

  await agent.disconnect()
  await node.connect()
  await until(() => agent.measured.has(server))
  agent.measure(server, 50)
  await until(() => readings().at(-1) === 50)
  await viewer.ask({ type: 'unsubscribe', topic })
  expect(agent.measured.has(server)).toBe(true)
  await late.ask({ type: 'unsubscribe', topic })
  await until(() => !agent.measured.has(server))
})

for (const dialect of DIALECTS) {
  describe(`changes on ${dialect}`, () => {
    test('reach the page and the dashboard, and resume where a client was', async () => {
      await using node = await withServer({ dialect })
      const { agent, server, client } = node
      await using viewer = await TestViewer.open(node.url, client)
      await viewer.subscribe('servers')
      await viewer.subscribe(`server:${server}`)
      const states = (topic: string) => viewer.eventsOf(topic).map(({ event }) => (event as { state: string }).state)
      await until(() => states('servers').at(-1) === 'running' && states(`server:${server}`).at(-1) === 'running')

      agent.report(server, { state: 'offline' })
      await until(() => states('servers').at(-1) === 'offline' && states(`server:${server}`).at(-1) === 'offline')
      const { cursor } = viewer.eventsOf('servers').at(-1)!
      await viewer[Symbol.asyncDispose]()

      await client.call(updateServer, { params: { server }, body: { name: 'Renamed' } })
      await node.panel.settleEvents()
      await using back = await TestViewer.open(node.url, client)
      await back.subscribe('servers', cursor)
      await until(() => back.eventsOf('servers').length === 1)
      expect(back.eventsOf('servers')[0]?.event).toMatchObject({ server, revision: 2 })
      await using stale = await TestViewer.open(node.url, client)
      await stale.subscribe('servers', 'abcdef:1')
      await stale.find(({ type }) => type === 'resync')

      await client.call(deleteServer, { params: { server } })
      await until(() => back.eventsOf('servers').some(({ event }) => (event as { deleted?: boolean }).deleted === true))
    })

    test('operations and nodes are told to those who may know', async () => {
      await using node = await withServer({ dialect })
      const { agent, server, client, panel } = node
      await using viewer = await TestViewer.open(node.url, client)
      await using stranger = await TestViewer.open(node.url, await panel.signInAs(await panel.createUser()))
      expect(await stranger.subscribe('nodes')).toMatchObject({ type: 'error', error: { code: 'PERMISSION_DENIED' } })
      await viewer.subscribe('nodes')
      await viewer.subscribe('operations')
      await stranger.subscribe('operations')
      await client.call(powerServer, { params: { server }, body: { action: 'stop' } })
      await client.call(reinstallServer, { params: { server } })
      const kinds = () =>
        viewer.eventsOf('operations').map(({ event }) => (event as { operation: { kind: string } }).operation.kind)
      await until(() => kinds().includes('reinstall'))
      expect(kinds()).not.toContain('power.stop')
      await agent.disconnect()
      const statuses = () => viewer.eventsOf('nodes').map(({ event }) => (event as { status: string }).status)
      await until(() => statuses().at(-1) === 'offline')
      expect(stranger.eventsOf('operations')).toEqual([])
    })
  })
}

describe('revocation', () => {
  test('ends the subscriptions of who lost access, and nobody else', async () => {
    await using node = await withServer()
    const { client, server, panel, agent } = node
    const friend = await panel.createUser()
    await client.call(createSubuser, {
      params: { server },
      body: { email: friend.email, permissions: ['control.console', 'websocket.connect'] },
    })
    const topic = `server-console:${server}`
    await using theirs = await TestViewer.open(node.url, await panel.signInAs(friend))
    await using ours = await TestViewer.open(node.url, client)
    await theirs.subscribe(topic)
    await ours.subscribe(topic)
    await client.call(deleteSubuser, { params: { server, user: friend.uuid } })
    expect(await theirs.find(({ type }) => type === 'revoked')).toMatchObject({ topic, code: 'SERVER_NOT_FOUND' })
    agent.print(server, 'secret')
    await until(() => textsOf(ours, topic).includes('secret'))
    await theirs.ask({ type: 'ping' })
    expect(textsOf(theirs, topic)).not.toContain('secret')
    expect(await theirs.subscribe(topic)).toMatchObject({ type: 'error', error: { code: 'SERVER_NOT_FOUND' } })
  })

  test('closes the channel of a session that has ended', async () => {
    await using node = await withServer()
    const { panel } = node
    const user = await panel.createUser()
    const client = await panel.signInAs(user)
    await using viewer = await TestViewer.open(node.url, client)
    await viewer.subscribe('servers')
    await panel.ctx.store.transaction(async (trx) => {
      const session = await trx
        .selectFrom('sessions')
        .selectAll()
        .where('user_id', '=', user.id)
        .executeTakeFirstOrThrow()
      await trx.updateTable('sessions').set({ revoked_at: 1 }).where('id', '=', session.id).execute()
      await panel.ctx.revocations.revoke(trx, 'session', session.uuid)
    })
    await until(() => viewer.closedWith !== null)
    expect(viewer.closedWith).toBe(4401)
  })
})
