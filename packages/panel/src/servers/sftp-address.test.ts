import { getServer } from '@hatchery/core/api'
import { expect, test } from 'vitest'
import { FAKE_HOST } from '../nodes/fake-agent.ts'
import { createTestPanel } from '../testing/test-panel.ts'

const SSH = { port: 2022, fingerprint: `SHA256:${'a'.repeat(43)}` }

test('a server says where its people reach it by SFTP, each by their own name', async () => {
  await using panel = await createTestPanel()
  const owner = await panel.createUser({ username: 'ada.lovelace' })
  const node = await panel.createNode({ fqdn: 'node-1.example.com', host: JSON.stringify({ ...FAKE_HOST, ssh: SSH }) })
  const server = await panel.createServer(owner, { node_id: node.id })
  const params = { server: server.uuid }
  const seen = async (user: typeof owner) => (await (await panel.signInAs(user)).call(getServer, { params })).body.sftp
  const address = { host: 'node-1.example.com', port: 2022, fingerprint: SSH.fingerprint }
  expect(await seen(owner)).toEqual({ ...address, username: `ada.lovelace.${server.shortId}` })

  const [friend, viewer] = [await panel.createUser(), await panel.createUser()]
  await panel.grant(friend, server, ['websocket.connect', 'file.sftp'])
  await panel.grant(viewer, server, ['websocket.connect', 'file.read'])
  expect(await seen(friend)).toEqual({ ...address, username: `${friend.username}.${server.shortId}` })
  expect(await seen(viewer)).toBeNull()
})

test.each([null, JSON.stringify(FAKE_HOST), JSON.stringify({ ...FAKE_HOST, ssh: null })])(
  'a node that takes no SFTP (%#) is not named',
  async (host) => {
    await using panel = await createTestPanel()
    const owner = await panel.createUser()
    const node = await panel.createNode({ host })
    const server = await panel.createServer(owner, { node_id: node.id })
    const client = await panel.signInAs(owner)
    expect((await client.call(getServer, { params: { server: server.uuid } })).body.sftp).toBeNull()
  },
)
