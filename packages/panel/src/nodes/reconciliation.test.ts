import { randomUUID } from 'node:crypto'
import {
  confirmNode,
  deleteServer,
  getNode,
  getOperation,
  getServer,
  powerServer,
  sendCommand,
  updateServer,
} from '@hatchery/core/api'
import type { DurableEvent } from '@hatchery/core/protocol'
import { describe, expect, test } from 'vitest'
import { DIALECTS } from '../testing/test-panel.ts'
import { readOrphans } from './orphans.ts'
import { createTestNode, type TestNode } from './test-node.ts'
import { until } from './until.ts'

const stored = ({ agent }: TestNode) => until(() => agent.outbox.acknowledgedSeq === agent.outbox.lastSeq, 'the events')
const offline = async ({ agent, panel }: TestNode) => {
  await agent.disconnect()
  await until(() => !panel.ctx.nodes.of(1).isConnected)
}
const rowOf = ({ panel }: TestNode, uuid: string) =>
  panel.ctx.db.selectFrom('servers').selectAll().where('uuid', '=', uuid).executeTakeFirst()
const installOf = (node: TestNode) => node.agent.callsOf('server.install')

for (const dialect of DIALECTS) {
  describe(`a node that was away, on ${dialect}`, () => {
    test('gets what it missed when it connects: new servers, changed levels, deletions', async () => {
      await using node = await createTestNode({ dialect })
      const { client, agent } = node
      const [kept, gone] = [await node.createServer(), await node.createServer()]
      await offline(node)

      await client.call(updateServer, { params: { server: kept.id }, body: { name: 'Renamed' } })
      const deletion = await client.call(deleteServer, { params: { server: gone.id } })
      expect(deletion.status).toBe(202)
      expect((await client.call(getServer, { params: { server: gone.id } })).status).toBe(200)
      const created = node.createServer({ name: 'Born offline' })
      await until(async () => (await node.panel.ctx.db.selectFrom('servers').select('id').execute()).length === 3)

      await node.connect()
      const born = await created
      expect(agent.servers.get(born.id)?.install).toBe('installed')
      expect(agent.servers.get(kept.id)?.spec?.name).toBe('Renamed')
      await until(async () => (await client.call(getServer, { params: { server: gone.id } })).status === 404)
      const operation = await client.call(getOperation, { params: { operation: deletion.body.operation } })
      expect(operation.body.status).toBe('succeeded')
    })

    test('an event that is delivered twice counts once, an older report never replaces a newer one', async () => {
      await using node = await createTestNode({ dialect })
      const server = await node.createServer()
      node.agent.report(server.id, { state: 'running', run: 1 })
      await stored(node)
      const before = await rowOf(node, server.id)
      const report = { ...node.agent.servers.get(server.id)!, state: 'offline', stateSeq: 1 } as const
      node.agent.emit({ name: 'server.report', data: report })
      await stored(node)
      expect(await rowOf(node, server.id)).toEqual(before)
    })

    test('an event nobody understands is kept raw and does not hold up the next', async () => {
      await using node = await createTestNode({ dialect })
      const server = await node.createServer()
      node.agent.emit({ name: 'moon.phase', data: { phase: 'full' } } as unknown as DurableEvent)
      node.agent.emit({ name: 'server.report', data: { server: 'nonsense' } } as unknown as DurableEvent)
      node.agent.report(server.id, { state: 'running', run: 1 })
      await stored(node)
      const raw = await node.panel.ctx.db.selectFrom('raw_agent_events').select('body').execute()
      expect(raw.map(({ body }) => (JSON.parse(body) as { name: string }).name)).toEqual([
        'moon.phase',
        'server.report',
      ])
      expect((await rowOf(node, server.id))?.process_state).toBe('running')
    })
  })
}

describe('operations', () => {
  test('an installation that was under way is sent again with the same id and body', async () => {
    await using node = await createTestNode()
    const { agent } = node
    agent.finishesInstalls = false
    const created = node.createServer()
    await until(() => installOf(node).length === 1)
    await offline(node)
    await node.connect()
    await until(() => installOf(node).length === 2)
    const [first, second] = installOf(node)
    expect(second).toEqual(first)
    const { server, operation } = first!.params as { server: string; operation: string }
    agent.finishInstall(server, operation)
    await created
  })

  test('a console line is never sent twice, and its fate is said to be unknown', async () => {
    await using node = await createTestNode()
    const { agent, client, panel } = node
    const server = await node.createServer()
    agent.report(server.id, { state: 'running', run: 1 })
    await stored(node)
    agent.override['server.command'] = () => new Promise(() => {})
    const answer = client.call(sendCommand, { params: { server: server.id }, body: { command: 'give gold' } })
    await until(() => agent.callsOf('server.command').length === 1)
    await offline(node)
    expect((await answer).status).toBe(504)
    await node.connect()
    const rows = await panel.ctx.db.selectFrom('operations').select('status').where('kind', '=', 'command').execute()
    expect(rows).toEqual([{ status: 'unknown' }])
    expect(agent.callsOf('server.command')).toHaveLength(1)
  })

  test('a click that nobody could carry out in time is not carried out later', async () => {
    await using node = await createTestNode()
    const { agent, client, panel } = node
    const server = await node.createServer()
    agent.override['server.power'] = () => new Promise(() => {})
    const answer = client.call(powerServer, { params: { server: server.id }, body: { action: 'start' } })
    await until(() => agent.callsOf('server.power').length === 1)
    await offline(node)
    expect((await answer).status).toBe(504)
    panel.clock.advance(60_001)
    await node.connect()
    const row = await panel.ctx.db
      .selectFrom('operations')
      .select(['status', 'error'])
      .where('kind', '=', 'power.start')
      .executeTakeFirstOrThrow()
    expect(row).toMatchObject({ status: 'failed' })
    expect(row.error).toContain('OPERATION_STALE')
    expect(agent.callsOf('server.power')).toHaveLength(1)
  })

  test('power is refused at once while the node is away', async () => {
    await using node = await createTestNode()
    const server = await node.createServer()
    await offline(node)
    const request = { params: { server: server.id }, body: { action: 'start' } } as const
    expect(await node.client.refusal(powerServer, request)).toBe('NODE_UNREACHABLE')
  })

  test('what the node says of the end counts more than its first answer', async () => {
    await using node = await createTestNode()
    const { agent, client } = node
    const server = await node.createServer()
    const started = await client.call(powerServer, { params: { server: server.id }, body: { action: 'start' } })
    const { operation } = started.body
    const error = { code: 'PORT_IN_USE', message: 'Port 25565 is used.' }
    agent.emit({
      name: 'operation.finished',
      data: { operation, server: server.id, status: 'failed', error, at: Date.now() },
    })
    await stored(node)
    expect((await client.call(getOperation, { params: { operation } })).body).toMatchObject({ status: 'failed', error })
  })
})

describe('authority', () => {
  test('a server that the panel does not know is listed and never deleted', async () => {
    await using node = await createTestNode()
    const { agent, panel } = node
    const known = await node.createServer()
    await offline(node)
    const stranger = randomUUID()
    agent.servers.set(stranger, { ...agent.servers.get(known.id)!, server: stranger })
    await node.connect()
    expect(await readOrphans(panel.ctx.db, 1, { after: null, limit: 10 })).toMatchObject([{ server: stranger }])
    expect(agent.callsOf('server.delete')).toEqual([])
    expect(agent.servers.has(stranger)).toBe(true)
  })

  test('a deletion that the panel never decided removes nothing', async () => {
    await using node = await createTestNode()
    const server = await node.createServer()
    const generation = node.agent.highestGeneration
    node.agent.emit({ name: 'server.deleted', data: { server: server.id, generation, at: Date.now() } })
    await stored(node)
    expect(await rowOf(node, server.id)).toBeDefined()
  })

  test('a deleted server that comes back from a copy is deleted again', async () => {
    await using node = await createTestNode()
    const { agent, client } = node
    const server = await node.createServer()
    const copy = agent.servers.get(server.id)!
    await client.call(deleteServer, { params: { server: server.id } })
    await until(async () => (await rowOf(node, server.id)) === undefined)
    await offline(node)
    agent.servers.set(server.id, copy)
    await node.connect()
    await until(() => !agent.servers.has(server.id))
  })

  test('a panel that was restored from an old copy sends nothing until somebody confirms', async () => {
    await using node = await createTestNode()
    const { agent, client } = node
    const server = await node.createServer()
    await offline(node)
    agent.highestGeneration = { epoch: 4, n: 70 }
    const applies = agent.callsOf('server.apply').length
    const session = await agent.connect(node.url)
    expect(session.hello).toMatchObject({ isRecovery: true, wantsSnapshot: true })
    const params = { node: node.node }
    await until(async () => (await client.call(getNode, { params })).body.status === 'recovery')
    expect(await client.refusal(deleteServer, { params: { server: server.id } })).toBe('NODE_IN_RECOVERY')
    await client.call(updateServer, { params: { server: server.id }, body: { name: 'Late' } })
    expect(agent.callsOf('server.apply')).toHaveLength(applies)

    expect((await client.call(confirmNode, { params })).status).toBe(200)
    await session.closed
    await node.connect()
    expect(agent.session?.hello).toMatchObject({ isRecovery: false, panelEpoch: 5 })
    expect(agent.servers.get(server.id)?.spec).toMatchObject({ name: 'Late', generation: { epoch: 5 } })
  })

  test('an agent that knows of a newer acknowledgement puts its node into recovery as well', async () => {
    await using node = await createTestNode()
    await node.createServer()
    await stored(node)
    await offline(node)
    await node.panel.ctx.store.transaction(async (trx) => {
      await trx.updateTable('nodes').set({ stored_seq: 1 }).execute()
    })
    const session = await node.agent.connect(node.url)
    expect(session.hello.isRecovery).toBe(true)
  })

  test('a new outbox starts from the beginning and sends everything', async () => {
    await using node = await createTestNode()
    const { agent } = node
    const server = await node.createServer()
    await offline(node)
    agent.outbox.renew()
    await node.connect()
    expect(agent.session?.hello).toMatchObject({ storedSeq: 0, wantsSnapshot: true })
    agent.report(server.id, { state: 'running', run: 2 })
    await stored(node)
    expect((await rowOf(node, server.id))?.process_state).toBe('running')
  })
})
