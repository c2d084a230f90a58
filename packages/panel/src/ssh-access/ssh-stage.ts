import { addSshKey, createAppPassword, type BodyOf } from '@hatchery/core/api'
import type { PanelParams, PanelResult } from '@hatchery/core/protocol'
import { createTestNode } from '../nodes/test-node.ts'
import { makeKey, type MadeKey } from '../ssh-keys/keygen.test-data.ts'
import type { TestPanelOptions, TestServer, TestUser } from '../testing/test-panel.ts'

export const ADDRESS = '192.0.2.7'
type Bounds = Omit<BodyOf<typeof createAppPassword>, 'name'>

let made: Promise<MadeKey> | undefined
/** One real key for all tests of a file; each panel is new. */
export const testKey = (): Promise<MadeKey> => (made ??= makeKey('ed25519'))

/** A node that is connected, a server on it, its owner, and what a node asks when somebody signs in. For tests. */
export async function openSshStage(options: TestPanelOptions = {}) {
  const node = await createTestNode(options)
  const { panel, agent } = node
  const owner = await panel.createUser({ username: 'ada.lovelace' })
  const created = await node.createServer({ owner: owner.uuid })
  const row = await panel.ctx.db
    .selectFrom('servers')
    .selectAll()
    .where('uuid', '=', created.id)
    .executeTakeFirstOrThrow()
  const server: TestServer = {
    id: row.id,
    uuid: row.uuid,
    shortId: row.short_id,
    nodeId: row.node_id,
    eggId: row.egg_id,
  }
  const key = await testKey()
  const proof = { kind: 'publicKey', algorithm: 'ssh-ed25519', key: key.wire, isSigned: true } as const

  return {
    node,
    panel,
    agent,
    admin: node.client,
    owner,
    server,
    key,
    proof,
    client: await panel.signInAs(owner),
    async addKey(user: TestUser, bounds: Bounds = {}) {
      const client = await panel.signInAs(user)
      const { status, body } = await client.call(addSshKey, {
        body: { name: 'k', publicKey: key.publicKey, ...bounds },
      })
      if (status !== 201) throw new Error(JSON.stringify(body))
      return { id: body.id, client }
    },
    async addPassword(user: TestUser, bounds: Bounds = {}) {
      const client = await panel.signInAs(user)
      const { status, body } = await client.call(createAppPassword, { body: { name: 'p', ...bounds } })
      if (status !== 201) throw new Error(JSON.stringify(body))
      return { id: body.appPassword.id, password: body.password, client }
    },
    /** What the node asks of its panel over the real link. */
    ask(change: Partial<PanelParams<'ssh.authenticate'>> = {}): Promise<PanelResult<'ssh.authenticate'>> {
      if (!agent.session) throw new Error('The node is not connected.')
      const username = `${owner.username}.${server.shortId}`
      return agent.session.call('ssh.authenticate', { username, address: ADDRESS, credential: proof, ...change })
    },
    async [Symbol.asyncDispose]() {
      await node[Symbol.asyncDispose]()
    },
  }
}
