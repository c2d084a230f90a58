import { randomUUID } from 'node:crypto'
import {
  adoptOrphan,
  confirmNode,
  deleteNode,
  deleteServer,
  getOperation,
  getServer,
  listAllocations,
  listOrphans,
  removeOrphan,
} from '@hatchery/core/api'
import { describe, expect, test } from 'vitest'
import { DIALECTS } from '../testing/test-panel.ts'
import { createTestNode, LIMITS, type TestNode } from './test-node.ts'
import { until } from './until.ts'

const stored = ({ agent }: TestNode) => until(() => agent.outbox.acknowledgedSeq === agent.outbox.lastSeq, 'the events')

const offline = async ({ agent, panel, node }: TestNode) => {
  await agent.disconnect()
  await until(async () => {
    const row = await panel.ctx.db.selectFrom('nodes').select('instance').where('uuid', '=', node).executeTakeFirst()
    return row?.instance === null
  }, 'the end of the connection')
}

/** A server that the agent has and the panel has lost, with its files and a name. */
async function orphan(node: TestNode, name = 'Lost'): Promise<string> {
  const known = await node.createServer({ name })
  const server = randomUUID()
  const report = { ...node.agent.servers.get(known.id)!, server, name, authorityEpoch: 4, state: 'running' as const }
  node.agent.servers.set(server, { ...report, spec: { ...report.spec!, id: server } })
  node.agent.report(server, { run: 3 })
  await stored(node)
  return server
}

const paramsOf = (node: TestNode, server: string) => ({ node: node.node, server })
const adoption = (node: TestNode) => ({ egg: node.egg, name: 'Found again', owner: node.admin.uuid, limits: LIMITS })

for (const dialect of DIALECTS) {
  describe(`orphans on ${dialect}`, () => {
    test('are listed page by page, with name and state, until somebody decides', async () => {
      await using node = await createTestNode({ dialect })
      const ids = [await orphan(node, 'One'), await orphan(node, 'Two'), await orphan(node, 'Three')].toSorted()
      const params = { node: node.node }
      const first = await node.client.call(listOrphans, { params, query: { limit: 2 } })
      const cursor = first.body.nextCursor!
      const second = await node.client.call(listOrphans, { params, query: { limit: 2, cursor } })
      expect([...first.body.data, ...second.body.data].map(({ server }) => server)).toEqual(ids)
      expect(second.body.nextCursor).toBeNull()
      expect(first.body.data[0]).toMatchObject({ state: 'running', elsewhere: null, isRemoving: false })
      expect(node.agent.callsOf('server.delete')).toEqual([])
    })

    test('adopted, keep id, files and process, and are under a higher authority than before', async () => {
      await using node = await createTestNode({ dialect })
      const server = await orphan(node)
      const adopted = await node.client.call(adoptOrphan, { params: paramsOf(node, server), body: adoption(node) })
      expect(adopted.status).toBe(201)
      expect(adopted.body).toMatchObject({ id: server, name: 'Found again' })
      await until(() => node.agent.servers.get(server)?.spec?.name === 'Found again', 'the specification')
      expect(node.agent.servers.get(server)?.spec?.authorityEpoch).toBe(5)
      expect(node.agent.callsOf('server.install').some(({ params }) => params['server'] === server)).toBe(false)
      await until(async () => {
        const { body } = await node.client.call(getServer, { params: { server } })
        return body.state === 'running'
      }, 'the state of the server')
      expect((await node.client.call(listOrphans, { params: { node: node.node } })).body.data).toEqual([])
      const used = await node.client.call(listAllocations, { params: { node: node.node }, query: { free: false } })
      expect(used.body.data.find((allocation) => allocation.server === server)?.serverName).toBe('Found again')
      const again = await node.client.refusal(adoptOrphan, { params: paramsOf(node, server), body: adoption(node) })
      expect(again).toBe('ORPHAN_NOT_FOUND')
      const deletion = await node.client.call(deleteServer, { params: { server } })
      expect(deletion.status).toBe(202)
      await until(() => !node.agent.servers.has(server), 'the deletion')
    })

    test('removed, go with a tombstone, also when their node is away; the same wish twice is one operation', async () => {
      await using node = await createTestNode({ dialect })
      const server = await orphan(node)
      const params = paramsOf(node, server)
      await offline(node)
      const removal = await node.client.call(removeOrphan, { params })
      expect(removal.status).toBe(202)
      expect((await node.client.call(removeOrphan, { params })).body).toEqual(removal.body)
      const { body } = await node.client.call(listOrphans, { params: { node: node.node } })
      expect(body.data).toMatchObject([{ server, isRemoving: true }])
      expect(await node.client.refusal(adoptOrphan, { params, body: adoption(node) })).toBe('SERVER_BUSY')

      await node.connect()
      await until(() => !node.agent.servers.has(server), 'the deletion')
      await until(async () => {
        const operation = await node.client.call(getOperation, { params: { operation: removal.body.operation } })
        return operation.body.status === 'succeeded'
      }, 'the end of the operation')
      expect((await node.client.call(listOrphans, { params: { node: node.node } })).body.data).toEqual([])
      const tombstones = await node.panel.ctx.db.selectFrom('tombstones').selectAll().execute()
      expect(tombstones).toMatchObject([{ server_uuid: server, operation_uuid: removal.body.operation }])
    })
  })
}

describe('an orphan', () => {
  test('that the panel knows on another node is neither adopted nor removed', async () => {
    await using node = await createTestNode()
    const server = await orphan(node)
    const other = await node.panel.createNode({ name: 'other' })
    await node.panel.createServer(node.admin, { node_id: other.id, uuid: server })
    const params = paramsOf(node, server)
    const { body } = await node.client.call(listOrphans, { params: { node: node.node } })
    expect(body.data[0]?.elsewhere).toEqual({ node: other.uuid, name: 'other' })
    expect(await node.client.refusal(adoptOrphan, { params, body: adoption(node) })).toBe('ORPHAN_ELSEWHERE')
    expect(await node.client.refusal(removeOrphan, { params })).toBe('ORPHAN_ELSEWHERE')
    expect(node.agent.callsOf('server.delete')).toEqual([])
  })

  test('of a node in recovery is not decided about until an administrator has confirmed the node', async () => {
    await using node = await createTestNode()
    const server = await orphan(node)
    await node.agent.disconnect()
    node.agent.highestGeneration = { epoch: 9, n: 9 }
    await node.agent.connect(node.url)
    await until(
      async () =>
        (await node.panel.ctx.db.selectFrom('nodes').select('is_recovery').executeTakeFirst())?.is_recovery === 1,
    )
    const params = paramsOf(node, server)
    expect(await node.client.refusal(adoptOrphan, { params, body: adoption(node) })).toBe('NODE_IN_RECOVERY')
    expect(await node.client.refusal(removeOrphan, { params })).toBe('NODE_IN_RECOVERY')
    await node.client.call(confirmNode, { params: { node: node.node } })
    await node.connect()
    expect((await node.client.call(removeOrphan, { params })).status).toBe(202)
    await until(() => !node.agent.servers.has(server), 'the deletion')
  })

  test('that its node does not list any more is no longer listed here, and goes with its node', async () => {
    await using node = await createTestNode()
    const [gone, kept] = [await orphan(node), await orphan(node)]
    await offline(node)
    node.agent.servers.delete(gone)
    await node.connect()
    const { body } = await node.client.call(listOrphans, { params: { node: node.node } })
    expect(body.data.map(({ server }) => server)).toEqual([kept])
    for (const { uuid } of await node.panel.ctx.db.selectFrom('servers').select('uuid').execute()) {
      await node.client.call(deleteServer, { params: { server: uuid } })
    }
    await until(async () => (await node.panel.ctx.db.selectFrom('servers').select('id').execute()).length === 0)
    expect((await node.client.call(deleteNode, { params: { node: node.node } })).status).toBe(200)
    const rows = await node.panel.ctx.db
      .selectFrom('settings')
      .select('name')
      .where('name', 'like', 'orphan:%')
      .execute()
    expect(rows).toEqual([])
  })

  test('is nobody’s business but an administrator’s', async () => {
    await using node = await createTestNode()
    const server = await orphan(node)
    const client = await node.panel.signInAs(await node.panel.createUser())
    const params = paramsOf(node, server)
    expect(await client.refusal(listOrphans, { params: { node: node.node } })).toBe('PERMISSION_DENIED')
    expect(await client.refusal(adoptOrphan, { params, body: adoption(node) })).toBe('PERMISSION_DENIED')
    expect(await client.refusal(removeOrphan, { params })).toBe('PERMISSION_DENIED')
  })
})
