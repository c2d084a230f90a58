import { readFileSync } from 'node:fs'
import {
  createAllocations,
  createEnrolmentToken,
  createLocation,
  createNest,
  createNode,
  createServer,
  importEgg,
  type Server,
} from '@hatchery/core/api'
import type { Static } from 'typebox'
import {
  createTestPanel,
  type TestClient,
  type TestPanel,
  type TestPanelOptions,
  type TestUser,
} from '../testing/test-panel.ts'
import { FakeAgent } from './fake-agent.ts'
import { until } from './until.ts'

export const LIMITS = {
  memoryMiB: 256,
  swapMiB: 0,
  diskMiB: 1024,
  cpuPercent: 100,
  cpuPinning: null,
  ioWeight: 500,
  pids: 128,
}

/** A panel with an administrator, an egg, and a node whose agent is connected over a real socket. For tests. */
export interface TestNode extends AsyncDisposable {
  readonly panel: TestPanel
  readonly url: string
  readonly admin: TestUser
  readonly client: TestClient
  readonly node: string
  readonly egg: string
  readonly agent: FakeAgent
  /** Creates a server through the API and waits until it is installed. */
  createServer(values?: Record<string, unknown>): Promise<Static<typeof Server>>
  /** Settles when nothing is sent in the background any more. */
  connect(): Promise<void>
}

export async function createTestNode(
  options: TestPanelOptions & { readonly isConnected?: boolean } = {},
): Promise<TestNode> {
  const panel = await createTestPanel(options)
  const url = await panel.listen()
  const admin = await panel.createAdmin()
  const client = await panel.signInAs(admin)
  const location = await client.call(createLocation, { body: { name: 'Frankfurt' } })
  const node = await client.call(createNode, {
    body: { name: 'node-1', location: location.body.id, fqdn: 'node-1.example.com', memoryMiB: 4096 },
  })
  const params = { node: node.body.id }
  await client.call(createAllocations, { params, body: { ip: '127.0.0.1', ports: ['25565-25574'] } })
  const nest = await client.call(createNest, { body: { name: 'Tests' } })
  const egg = await client.call(importEgg, { body: { nest: nest.body.id, text: TEST_EGG } })
  const token = await client.call(createEnrolmentToken, { params })
  const agent = await FakeAgent.enrol(panel, token.body.token)

  const isOnline = () => panel.ctx.db.selectFrom('nodes').select('id').where('instance', 'is not', null).execute()
  const connect = async () => {
    const before = agent.callsOf('operation.forget').length
    await agent.connect(url)
    await until(() => agent.callsOf('operation.forget').length > before, 'the reconciliation')
    await until(async () => (await isOnline()).length === 1, 'the connection')
  }
  if (options.isConnected !== false) await connect()

  return {
    panel,
    url,
    admin,
    client,
    node: node.body.id,
    egg: egg.body.id,
    agent,
    connect,
    async createServer(values = {}) {
      const body = {
        egg: egg.body.id,
        node: node.body.id,
        name: 'Survival',
        owner: admin.uuid,
        limits: LIMITS,
        ...values,
      }
      const created = await client.call(createServer, { body })
      if (created.status !== 201) throw new Error(JSON.stringify(created.body))
      const { id } = created.body.server
      await until(async () => {
        const row = await panel.ctx.db
          .selectFrom('servers')
          .select(['install_state', 'operation_uuid'])
          .where('uuid', '=', id)
          .executeTakeFirst()
        return row?.install_state === 'installed' && row.operation_uuid === null
      }, 'the installation')
      return created.body.server
    },
    async [Symbol.asyncDispose]() {
      await agent[Symbol.asyncDispose]()
      await panel[Symbol.asyncDispose]()
    },
  }
}

export const TEST_EGG = readFileSync(new URL('./test-egg.json', import.meta.url), 'utf8')
