import { createAllocations, createLocation, createNode, createWingsConfiguration } from '@hatchery/core/api'
import { until } from '../nodes/until.ts'
import type { Dialect } from '../storage/store.ts'
import { createTestPanel, type TestClient, type TestPanel, type TestUser } from '../testing/test-panel.ts'
import { FakeWings, type FakeWingsOptions } from './fake-wings.ts'
import { WingsLink } from './wings-link.ts'

/** The address that the panel believes it has; a Wings compares the origin of sockets with it. */
export const ORIGIN = 'http://panel.test'

/** A panel with an administrator and a Wings node that was configured and does not answer yet. For tests. */
export interface WingsNodeStage {
  readonly panel: TestPanel
  readonly admin: TestUser
  readonly client: TestClient
  readonly nodeId: number
  readonly nodeUuid: string
  /** The config.yml that the administrator was shown. */
  readonly configuration: string
  /** What the other end needs to know of the panel. */
  readonly options: FakeWingsOptions
  link(): WingsLink
  /** Looks for the node until it answers. */
  connect(): Promise<void>
}

/** @param port where the Wings will listen */
export async function createWingsStage(port: number, dialect: Dialect = 'sqlite'): Promise<WingsNodeStage> {
  const panel = await createTestPanel({ dialect, publicUrl: ORIGIN, now: Date.now })
  const remote = await panel.listen()
  const admin = await panel.createAdmin()
  const client = await panel.signInAs(admin)
  const headers = { origin: ORIGIN }
  const location = await client.call(createLocation, { headers, body: { name: 'Frankfurt' } })
  const node = await client.call(createNode, {
    headers,
    body: {
      name: 'old-node',
      location: location.body.id,
      fqdn: '127.0.0.1',
      kind: 'wings',
      scheme: 'http',
      daemonPort: port,
      memoryMiB: 4096,
    },
  })
  const params = { node: node.body.id }
  await client.call(createAllocations, { headers, params, body: { ip: '127.0.0.1', ports: ['26565-26574'] } })
  const made = await client.call(createWingsConfiguration, { headers, params })
  if (made.status !== 201) throw new Error(JSON.stringify(made.body))
  const token = /^token: "(\w+)"$/m.exec(made.body.configuration)?.[1] ?? ''
  const { id } = await panel.ctx.db
    .selectFrom('nodes')
    .select('id')
    .where('uuid', '=', node.body.id)
    .executeTakeFirstOrThrow()

  const link = () => {
    const found = panel.ctx.nodes.of(id)
    if (!(found instanceof WingsLink)) throw new Error('The node has no link of its kind yet.')
    return found
  }
  await until(() => panel.ctx.nodes.of(id) instanceof WingsLink, 'the link of the node')
  return {
    panel,
    admin,
    client,
    nodeId: id,
    nodeUuid: node.body.id,
    configuration: made.body.configuration,
    options: { tokenId: made.body.tokenId, token, remote, origin: ORIGIN, port },
    link,
    async connect() {
      await until(async () => {
        await link().look()
        return link().isConnected
      }, 'the answer of the node')
    },
  }
}

/** The same with a fake Wings that answers. */
export async function createFakeWingsStage(
  dialect: Dialect = 'sqlite',
): Promise<WingsNodeStage & AsyncDisposable & { readonly wings: FakeWings }> {
  const port = await freePort()
  const stage = await createWingsStage(port, dialect)
  const wings = await FakeWings.start(stage.options)
  await stage.connect()
  return {
    ...stage,
    wings,
    async [Symbol.asyncDispose]() {
      await stage.panel[Symbol.asyncDispose]()
      await wings[Symbol.asyncDispose]()
    },
  }
}

export async function freePort(): Promise<number> {
  await using probe = await FakeWings.start({ tokenId: '', token: '', remote: '', origin: '' })
  return probe.port
}
