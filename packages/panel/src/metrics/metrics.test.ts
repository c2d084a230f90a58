import { readNodeMetrics, readServerMetrics } from '@hatchery/core/api'
import { expect, test } from 'vitest'
import { createTestNode } from '../nodes/test-node.ts'

test('asks the node of a server for the last hour unless told otherwise', async () => {
  await using node = await createTestNode()
  const server = await node.createServer()
  const params = { server: server.id }
  const found = await node.client.call(readServerMetrics, { params, query: {} })
  expect(found.status).toBe(200)
  const asked = node.agent.callsOf('metrics.read').at(-1)?.params as { from: number; to: number }
  expect(asked).toMatchObject({ server: server.id, step: 1 })
  expect(asked.to - asked.from).toBe(3_600_000)

  await node.client.call(readServerMetrics, { params, query: { from: 1000, to: 9000, step: 500 } })
  expect(node.agent.callsOf('metrics.read').at(-1)?.params).toEqual({
    server: server.id,
    from: 1000,
    to: 9000,
    step: 500,
  })
  expect(await node.client.refusal(readServerMetrics, { params, query: { from: 9, to: 9 } })).toBe('VALIDATION_FAILED')
})

test('asks a node about its machine', async () => {
  await using node = await createTestNode()
  const found = await node.client.call(readNodeMetrics, { params: { node: node.agent.node }, query: {} })
  expect(found.body.cpuPercent.avg).toEqual([1])
  expect(node.agent.callsOf('metrics.read').at(-1)?.params['server']).toBeNull()
})
