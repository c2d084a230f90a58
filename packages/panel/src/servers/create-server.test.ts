import {
  createServer,
  getServer,
  listAllocations,
  listServers,
  planServer,
  updateServerBuild,
  type BodyOf,
} from '@hatchery/core/api'
import { parseEgg } from '@hatchery/core/eggs'
import { describe, expect, test } from 'vitest'
import { createTestNode, LIMITS, TEST_EGG, type TestNode } from '../nodes/test-node.ts'
import { DIALECTS } from '../testing/test-panel.ts'

const bodyOf = (node: TestNode, values: Partial<BodyOf<typeof createServer>> = {}) => ({
  body: { egg: node.egg, node: node.node, name: 'Server', owner: node.admin.uuid, limits: LIMITS, ...values },
})
const addresses = async (node: TestNode, free: boolean) =>
  (await node.client.call(listAllocations, { params: { node: node.node }, query: { free, limit: 100 } })).body.data

for (const dialect of DIALECTS) {
  describe(`creating servers on ${dialect}`, () => {
    test('forty at once on ten addresses: ten get one each, the others are refused', async () => {
      await using node = await createTestNode({ dialect, isConnected: false })
      const answers = await Promise.all(
        Array.from({ length: 40 }, () =>
          node.client.call(createServer, bodyOf(node, { limits: { ...LIMITS, memoryMiB: 0 } })),
        ),
      )
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(10)
      const refused = answers.filter(({ status }) => status !== 201)
      expect(new Set(refused.map(({ body }) => (body as unknown as { error: { code: string } }).error.code))).toEqual(
        new Set(['NO_FREE_ALLOCATION']),
      )
      const taken = await addresses(node, false)
      expect(new Set(taken.map(({ server }) => server)).size).toBe(10)
    })

    test('one address that ten want is given once', async () => {
      await using node = await createTestNode({ dialect, isConnected: false })
      const [wanted] = await addresses(node, true)
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => node.client.call(createServer, bodyOf(node, { allocation: wanted!.id }))),
      )
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
      expect(await addresses(node, false)).toHaveLength(1)
    })

    test('memory of a node is never given away twice', async () => {
      await using node = await createTestNode({ dialect, isConnected: false })
      const limits = { ...LIMITS, memoryMiB: 1024 }
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => node.client.call(createServer, bodyOf(node, { limits }))),
      )
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(4)
      expect(await node.client.refusal(createServer, bodyOf(node, { limits }))).toBe('NODE_FULL')
      const server = answers.find(({ status }) => status === 201)!.body.server
      const build = (memoryMiB: number) => ({
        params: { server: server.id },
        body: { limits: { ...LIMITS, memoryMiB } },
      })
      expect(await node.client.refusal(updateServerBuild, build(1025))).toBe('NODE_FULL')
      expect((await node.client.call(updateServerBuild, build(512))).status).toBe(200)
    })

    test('a refused creation leaves nothing behind', async () => {
      await using node = await createTestNode({ dialect, isConnected: false })
      const { client } = node
      const wrong = '018f4b1e-0000-7000-8000-000000000000'
      const refusals = {
        EGG_NOT_FOUND: { egg: wrong },
        USER_NOT_FOUND: { owner: wrong },
        NODE_NOT_FOUND: { node: wrong },
        ALLOCATION_NOT_FOUND: { allocation: wrong },
        IMAGE_NOT_ALLOWED: { image: 'evil/image:latest' },
        VARIABLE_INVALID: { variables: { GREETING: 'x'.repeat(21) } },
      }
      for (const [code, values] of Object.entries(refusals)) {
        expect(await client.refusal(createServer, bodyOf(node, values)), code).toBe(code)
      }
      expect(await client.refusal(createServer, bodyOf(node, { variables: { NO_SUCH: '1' } }))).toBe('VARIABLE_INVALID')
      expect((await client.call(listServers, { query: { include: 'total' } })).body).toMatchObject({
        data: [],
        total: 0,
      })
      expect(await addresses(node, false)).toEqual([])
      expect(await node.panel.ctx.db.selectFrom('operations').select('id').execute()).toEqual([])
    })

    test('an egg may have more variables than one statement has room for', async () => {
      await using node = await createTestNode({ dialect, isConnected: false })
      const variables = Array.from({ length: 12_000 }, (_, index) => ({ env_variable: `V${index}` }))
      const text = JSON.stringify({ ...(JSON.parse(TEST_EGG) as object), variables })
      const egg = await node.panel.createEgg({ source: text, model: JSON.stringify((await parseEgg(text)).egg) })
      const { status } = await node.client.call(createServer, bodyOf(node, { egg: egg.uuid }))
      expect(status).toBe(201)
    })

    test('an external id belongs to one server', async () => {
      await using node = await createTestNode({ dialect, isConnected: false })
      const request = bodyOf(node, { externalId: 'order-7' })
      const answers = await Promise.all([1, 2, 3].map(() => node.client.call(createServer, request)))
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
      expect(answers.filter(({ status }) => status === 409)).toHaveLength(2)
    })
  })
}

test('without a node, the panel places the server and says why', async () => {
  await using node = await createTestNode()
  const wanted = { egg: node.egg, limits: LIMITS }
  const plan = await node.client.call(planServer, { body: wanted })
  expect(plan.body).toMatchObject({
    node: { id: node.node },
    allocation: { address: '127.0.0.1:25565' },
    considered: [{ fits: true }],
  })
  const { node: _node, ...body } = bodyOf(node).body
  const created = await node.client.call(createServer, { body })
  expect(created.body.server.node.id).toBe(node.node)
  const huge = { ...body, limits: { ...LIMITS, memoryMiB: 100_000 } }
  expect(await node.client.refusal(createServer, { body: huge })).toBe('NO_NODE_FITS')
})

test('a server that an administrator creates for somebody is theirs', async () => {
  await using node = await createTestNode({ isConnected: false })
  const owner = await node.panel.createUser()
  const created = await node.client.call(createServer, bodyOf(node, { owner: owner.uuid }))
  const client = await node.panel.signInAs(owner)
  const mine = await client.call(listServers, { query: {} })
  expect(mine.body.data).toMatchObject([{ id: created.body.server.id, permissions: ['*'], state: 'installing' }])
  expect((await client.call(getServer, { params: { server: created.body.server.shortId } })).status).toBe(200)
})
