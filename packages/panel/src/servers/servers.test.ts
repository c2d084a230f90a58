import {
  deleteServer,
  getOperation,
  getServer,
  listServers,
  powerServer,
  readConsole,
  sendCommand,
} from '@hatchery/core/api'
import { describe, expect, test } from 'vitest'
import { createTestNode } from '../nodes/test-node.ts'
import { until } from '../nodes/until.ts'
import { DIALECTS } from '../testing/test-panel.ts'

for (const dialect of DIALECTS) {
  describe(`servers on ${dialect}`, () => {
    test('a server is created, installed, started, told a line, stopped and deleted', async () => {
      await using node = await createTestNode({ dialect })
      const { client, agent } = node

      const created = await node.createServer({ variables: { GREETING: 'moin' } })
      expect(created).toMatchObject({ state: 'installing', name: 'Survival', address: '127.0.0.1:25565' })
      expect(agent.servers.get(created.id)?.spec).toMatchObject({
        startup: './echo --name ${GREETING} --port ${SERVER_PORT} --token ${ADMIN_TOKEN}',
        environment: { GREETING: 'moin', SERVER_PORT: '25565' },
        stop: { type: 'command', command: 'quit' },
      })

      const params = { server: created.shortId }
      const started = await client.call(powerServer, { params, body: { action: 'start' } })
      expect(started.status).toBe(202)
      await until(async () => (await client.call(getServer, { params })).body.state === 'running')
      const operation = await client.call(getOperation, { params: { operation: started.body.operation } })
      expect(operation.body).toMatchObject({ kind: 'power.start', status: 'succeeded' })

      expect((await client.call(sendCommand, { params, body: { command: 'say hi' } })).status).toBe(202)
      expect((await client.call(readConsole, { params, query: {} })).body.data).toMatchObject([{ text: '> say hi' }])

      await client.call(powerServer, { params, body: { action: 'stop' } })
      await until(async () => (await client.call(getServer, { params })).body.state === 'offline')

      expect((await client.call(deleteServer, { params })).status).toBe(202)
      await until(async () => (await client.call(getServer, { params })).status === 404)
      expect((await client.call(listServers, { query: {} })).body.data).toEqual([])
    })
  })
}
