import { listConsoleRuns, searchConsole } from '@hatchery/core/api'
import { expect, test } from 'vitest'
import { createTestNode } from '../nodes/test-node.ts'

test('the console of a server is searched at its node, page by page', async () => {
  await using node = await createTestNode()
  const { id: server } = await node.createServer()
  node.agent.print(server, 'Done (1 s)', 'player joined', 'player left')
  const params = { server }
  const found = await node.client.call(searchConsole, { params, query: { text: 'player', limit: 1 } })
  expect(found.body.data.map(({ text }) => text)).toEqual(['player left'])
  expect(found.body.nextBefore).toBe('1:1')
  expect(node.agent.callsOf('console.search').at(-1)?.params).toEqual({ server, text: 'player', limit: 1 })
  expect((await node.client.call(listConsoleRuns, { params })).body.data).toEqual([{ run: 1, firstLine: 1 }])
})
