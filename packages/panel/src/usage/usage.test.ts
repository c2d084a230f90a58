import { exportUsage, listUsage, readServerUsage, type QueryOf } from '@hatchery/core/api'
import type { UsageHour } from '@hatchery/core/protocol'
import { describe, expect, test } from 'vitest'
import { createTestNode } from '../nodes/test-node.ts'
import { until } from '../nodes/until.ts'
import { DIALECTS } from '../testing/test-panel.ts'
import { csvLine } from './csv.ts'

const HOUR = 3_600_000
const FIRST = Date.UTC(2026, 0, 5)

const hourOf = (server: string, hour: number, change: Partial<UsageHour> = {}): UsageHour => ({
  server,
  hour: FIRST + hour * HOUR,
  runningMs: HOUR,
  cpuMs: 90_000,
  memoryMiBMs: 2048 * HOUR,
  diskMiBMs: 512 * HOUR,
  rxBytes: 1000,
  txBytes: 2000,
  ...change,
})

for (const dialect of DIALECTS) {
  describe(`usage records on ${dialect}`, () => {
    test('are stored once, in the units of the API, newest first', async () => {
      await using node = await createTestNode({ dialect })
      const server = await node.createServer()
      const hours = [0, 1, 2].map((hour) => hourOf(server.id, hour))
      node.agent.emit({ name: 'usage.closed', data: { hours, at: FIRST } })
      // The same hour again, also within one event: what is stored stays.
      const again = [hourOf(server.id, 1, { cpuMs: 1 }), hourOf(server.id, 3), hourOf(server.id, 3, { cpuMs: 2 })]
      node.agent.emit({ name: 'usage.closed', data: { hours: again, at: FIRST } })
      const read = () => node.client.call(readServerUsage, { params: { server: server.id }, query: {} })
      await until(async () => (await read()).body.data.length === 4)
      const { data } = (await read()).body
      expect(data.map(({ hourAt }) => (hourAt - FIRST) / HOUR)).toEqual([3, 2, 1, 0])
      expect(data[2]).toEqual({
        server: server.id,
        hourAt: FIRST + HOUR,
        runningSeconds: 3600,
        cpuSeconds: 90,
        memoryGiBHours: 2,
        diskGiBHours: 0.5,
        networkRxBytes: 1000,
        networkTxBytes: 2000,
      })
      expect(data[0]?.cpuSeconds).toBe(90)
    })

    test('of a server that is not of the node are not believed', async () => {
      await using node = await createTestNode({ dialect })
      const server = await node.createServer()
      const stranger = '00000000-0000-4000-8000-000000000000'
      const hours = [hourOf(stranger, 0), hourOf(server.id, 0)]
      node.agent.emit({ name: 'usage.closed', data: { hours, at: FIRST } })
      const list = () => node.client.call(listUsage, { query: {} })
      await until(async () => (await list()).body.data.length > 0)
      expect((await list()).body.data.map((entry) => entry.server)).toEqual([server.id])
    })

    test('are listed in pages, by filters, and as CSV', async () => {
      await using node = await createTestNode({ dialect })
      const server = await node.createServer()
      const hours = Array.from({ length: 30 }, (_, hour) => hourOf(server.id, hour))
      node.agent.emit({ name: 'usage.closed', data: { hours, at: FIRST } })
      const list = (query: QueryOf<typeof listUsage>) => node.client.call(listUsage, { query })
      await until(async () => (await list({ limit: 1 })).body.data.length === 1)
      const first = (await list({ limit: 20 })).body
      const second = (await list({ limit: 20, cursor: first.nextCursor! })).body
      expect([...first.data, ...second.data].map(({ hourAt }) => (hourAt - FIRST) / HOUR)).toEqual(
        Array.from({ length: 30 }, (_, index) => 29 - index),
      )
      expect(second.nextCursor).toBeNull()
      const some = await list({ from: FIRST + 5 * HOUR, to: FIRST + 7 * HOUR, server: server.id })
      expect(some.body.data.length).toBe(2)
      expect((await list({ owner: '00000000-0000-4000-8000-000000000000' })).body.data).toEqual([])

      const csv = await node.client.request({ method: 'GET', url: `/api/v1${exportUsage.path}` })
      const lines = csv.body.trim().split('\r\n')
      expect(lines.length).toBe(31)
      expect(lines[0]).toMatch(/^hour,server,server_name,/)
      expect(lines[1]).toContain(`2026-01-05T00:00:00.000Z,${server.id},`)
      expect(csv.headers['content-disposition']).toContain('attachment')
    })
  })
}

test('a name that a spreadsheet would run is made harmless', () => {
  expect(csvLine(['=1+1', 'a"b,c', 3])).toBe(`'=1+1,"a""b,c",3\r\n`)
})
