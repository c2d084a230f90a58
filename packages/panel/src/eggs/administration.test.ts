import {
  checkEgg,
  createAllocations,
  createLocation,
  createNest,
  createNode,
  createServer,
  deleteAllocation,
  deleteEgg,
  deleteLocation,
  deleteNest,
  deleteNode,
  getEgg,
  getEggSource,
  importEgg,
  listActivity,
  listAllocations,
  listEggs,
  listLocations,
  listNests,
  listNodes,
  updateLocation,
  updateNest,
  updateNode,
} from '@hatchery/core/api'
import { describe, expect, test } from 'vitest'
import { createTestNode, LIMITS, TEST_EGG } from '../nodes/test-node.ts'
import { until } from '../nodes/until.ts'
import { createTestPanel, DIALECTS } from '../testing/test-panel.ts'

for (const dialect of DIALECTS) {
  describe(`administration on ${dialect}`, () => {
    test('eggs are checked, imported, updated with their servers, and deleted when unused', async () => {
      await using node = await createTestNode({ dialect })
      const { client, agent } = node
      const check = (await client.call(checkEgg, { body: { text: TEST_EGG } })).body
      expect(check).toMatchObject({ ok: true, name: 'Echo', format: 'PTDL_v2', variableCount: 3, existing: node.egg })
      expect((await client.call(checkEgg, { body: { text: '{"a":' } })).body).toMatchObject({
        ok: false,
        existing: null,
      })

      const egg = (await client.call(getEgg, { params: { egg: node.egg } })).body
      expect(egg).toMatchObject({
        stop: 'quit',
        done: ['ready'],
        configFiles: ['echo.properties'],
        hasInstallScript: true,
        images: [{ value: 'ghcr.io/example/java:21' }, { value: 'ghcr.io/example/java:17' }],
        variables: [{ envVariable: 'GREETING', input: { kind: 'text', maxLength: 20 } }, {}, {}],
      })
      expect((await client.call(getEggSource, { params: { egg: node.egg } })).body.text).toBe(TEST_EGG)
      const [nest] = (await client.call(listNests, { query: {} })).body.data
      expect(await client.refusal(importEgg, { body: { nest: nest!.id, text: '{}' } })).toBe('EGG_INVALID')

      const server = await node.createServer()
      const text = TEST_EGG.replace('"stop": "quit"', '"stop": "exit"')
      const updated = await client.call(importEgg, { body: { nest: nest!.id, text, onExisting: 'update' } })
      expect(updated).toMatchObject({ status: 200, body: { id: node.egg, stop: 'exit', serverCount: 1 } })
      await until(() => JSON.stringify(agent.servers.get(server.id)?.spec?.stop).includes('exit'))
      const copy = await client.call(importEgg, { body: { nest: nest!.id, text } })
      expect(copy.status).toBe(201)
      expect((await client.call(listEggs, { query: { search: 'ECH' } })).body.data).toHaveLength(2)

      expect(await client.refusal(deleteEgg, { params: { egg: node.egg } })).toBe('EGG_IN_USE')
      expect(await client.refusal(deleteNest, { params: { nest: nest!.id } })).toBe('NEST_IN_USE')
      expect((await client.call(deleteEgg, { params: { egg: copy.body.id } })).status).toBe(200)
    })

    test('names are taken once, revisions are compared, what is in use stays', async () => {
      await using panel = await createTestPanel({ dialect })
      const client = await panel.signInAs(await panel.createAdmin())
      const oslo = (await client.call(createLocation, { body: { name: 'Oslo' } })).body
      expect(await client.refusal(createLocation, { body: { name: 'Oslo' } })).toBe('LOCATION_EXISTS')
      const bergen = (await client.call(createLocation, { body: { name: 'Bergen' } })).body
      const rename = (name: string) => ({ params: { location: bergen.id }, body: { name } })
      expect(await client.refusal(updateLocation, rename('Oslo'))).toBe('LOCATION_EXISTS')
      const stale = { ...rename('Bodø'), headers: { 'if-match': '"7"' } }
      expect(await client.refusal(updateLocation, stale)).toBe('REVISION_MISMATCH')
      expect((await client.call(updateLocation, rename('Bodø'))).body).toMatchObject({ name: 'Bodø', revision: 2 })
      const first = (await client.call(listLocations, { query: { limit: 1 } })).body
      const second = (await client.call(listLocations, { query: { limit: 1, cursor: first.nextCursor! } })).body
      expect([...first.data, ...second.data].map(({ name }) => name)).toEqual(['Bodø', 'Oslo'])
      expect(second.nextCursor).toBeNull()

      const node = (await client.call(createNode, { body: { name: 'n', location: oslo.id, fqdn: 'n.example.com' } }))
        .body
      expect(node).toMatchObject({ status: 'awaiting-agent', host: null })
      expect(await client.refusal(deleteLocation, { params: { location: oslo.id } })).toBe('LOCATION_IN_USE')
      const body = { name: 'n', location: oslo.id, fqdn: 'm.example.com' }
      expect(await client.refusal(createNode, { body })).toBe('NODE_EXISTS')
      const moved = await client.call(updateNode, {
        params: { node: node.id },
        body: { location: bergen.id, isMaintenance: true },
      })
      expect(moved.body).toMatchObject({ location: bergen.id, isMaintenance: true, revision: 2 })
      expect((await client.call(listNodes, { query: { location: oslo.id } })).body.data).toEqual([])
      expect((await client.call(deleteLocation, { params: { location: oslo.id } })).status).toBe(200)

      const nest = (await client.call(createNest, { body: { name: 'Games' } })).body
      expect(await client.refusal(createNest, { body: { name: 'Games' } })).toBe('NEST_EXISTS')
      expect((await client.call(updateNest, { params: { nest: nest.id }, body: {} })).body.name).toBe('Games')
      expect((await client.call(deleteNest, { params: { nest: nest.id } })).status).toBe(200)
      const { data } = (await client.call(listActivity, { query: { type: 'nest:deleted' } })).body
      expect(data).toMatchObject([{ type: 'nest:deleted', data: { name: 'Games' } }])
    })

    test('addresses are added once each, and one in use is not deleted', async () => {
      await using node = await createTestNode({ dialect, isConnected: false })
      const { client } = node
      const params = { node: node.node }
      const add = (ip: string, ports: string[]) => client.call(createAllocations, { params, body: { ip, ports } })
      expect((await add('192.0.2.0/30', ['7000-7002', '7001'])).body).toEqual({ created: 12, existing: 0 })
      expect((await add('192.0.2.1', ['7002-7003'])).body).toEqual({ created: 1, existing: 1 })
      const both = await Promise.all([add('192.0.2.9', ['1-50']), add('192.0.2.9', ['1-50'])])
      expect(both.reduce((sum, { body }) => sum + body.created, 0)).toBe(50)
      for (const [ip, ports] of [
        ['no address', ['1']],
        ['192.0.2.1', ['9-3']],
        ['10.0.0.0/16', ['1-1000']],
      ] as const) {
        const request = { params, body: { ip, ports: [...ports] } }
        expect(await client.refusal(createAllocations, request), ip).toBe('ALLOCATION_RANGE_INVALID')
      }

      const body = { egg: node.egg, node: node.node, name: 's', owner: node.admin.uuid, limits: LIMITS }
      await client.call(createServer, { body })
      const [used] = (await client.call(listAllocations, { params, query: { free: false } })).body.data
      const [free] = (await client.call(listAllocations, { params, query: { free: true } })).body.data
      const remove = (allocation: string) => ({ params: { ...params, allocation } })
      expect(used).toMatchObject({ isPrimary: true, port: 25565 })
      expect(await client.refusal(deleteAllocation, remove(used!.id))).toBe('ALLOCATION_IN_USE')
      expect((await client.call(deleteAllocation, remove(free!.id))).status).toBe(200)
      expect(await client.refusal(deleteAllocation, remove(free!.id))).toBe('ALLOCATION_NOT_FOUND')
      expect(await client.refusal(deleteNode, { params })).toBe('NODE_IN_USE')
    })
  })
}
