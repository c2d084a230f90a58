import { randomBytes, randomUUID } from 'node:crypto'
import { createEnrolmentToken, createLocation, createNode, deleteNode, enrolAgent, getNode } from '@hatchery/core/api'
import { describe, expect, test } from 'vitest'
import { createTestPanel, DIALECTS, type TestClient, type TestPanel } from '../testing/test-panel.ts'
import { FAKE_HOST, FakeAgent } from './fake-agent.ts'
import { until } from './until.ts'

async function withToken(dialect: (typeof DIALECTS)[number] = 'sqlite') {
  const panel = await createTestPanel({ dialect })
  const url = await panel.listen()
  const client = await panel.signInAs(await panel.createAdmin())
  const location = await client.call(createLocation, { body: { name: 'Oslo' } })
  const node = await client.call(createNode, {
    body: { name: 'n1', location: location.body.id, fqdn: 'n1.example.com' },
  })
  const params = { node: node.body.id }
  const { body } = await client.call(createEnrolmentToken, { params })
  return { panel, url, client, params, token: body.token, [Symbol.asyncDispose]: () => panel[Symbol.asyncDispose]() }
}

const requestOf = (token: string, values: Partial<{ secret: string; installation: string }> = {}) => ({
  token,
  secret: randomBytes(32).toString('base64url'),
  installation: randomUUID(),
  host: FAKE_HOST,
  ...values,
})
const statusOf = async (client: TestClient, params: { node: string }) =>
  (await client.call(getNode, { params })).body.status
const eventsOf = async (panel: TestPanel, type: string) =>
  panel.ctx.db.selectFrom('event_log').selectAll().where('type', '=', type).execute()

for (const dialect of DIALECTS) {
  describe(`enrolment on ${dialect}`, () => {
    test('the same request gets the same answer, another secret locks the node', async () => {
      await using at = await withToken(dialect)
      const { panel, client, params, token } = at
      const body = requestOf(token)
      const first = await panel.anonymous.call(enrolAgent, { body })
      const again = await panel.anonymous.call(enrolAgent, { body })
      expect(first.status).toBe(200)
      expect(first.body).toMatchObject({ node: params.node, linkPath: '/api/agent/link' })
      expect(again.body).toEqual(first.body)

      expect(await panel.anonymous.refusal(enrolAgent, { body: requestOf(token) })).toBe('ENROLMENT_LOCKED')
      expect(await statusOf(client, params)).toBe('locked')
      expect(await eventsOf(panel, 'node:locked')).toHaveLength(1)
      expect(await panel.anonymous.refusal(enrolAgent, { body })).toBe('ENROLMENT_LOCKED')
    })

    test('two machines that redeem one token at once never both get in', async () => {
      await using at = await withToken(dialect)
      const requests = [requestOf(at.token), requestOf(at.token)]
      const answers = await Promise.all(requests.map((body) => at.panel.anonymous.call(enrolAgent, { body })))
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
      expect(await statusOf(at.client, at.params)).toBe('locked')
    })
  })
}

test('a token is valid for one hour, and a newer one ends it', async () => {
  await using at = await withToken()
  const { panel, client, params, token } = at
  const newer = await client.call(createEnrolmentToken, { params })
  expect(await panel.anonymous.refusal(enrolAgent, { body: requestOf(token) })).toBe('ENROLMENT_TOKEN_INVALID')
  panel.clock.advance(3_600_001)
  const late = { body: requestOf(newer.body.token) }
  expect(await panel.anonymous.refusal(enrolAgent, late)).toBe('ENROLMENT_TOKEN_INVALID')
})

test('neither token nor secret is stored in clear, or shown', async () => {
  await using at = await withToken()
  const { panel, client, params, token } = at
  const body = requestOf(token)
  await panel.anonymous.call(enrolAgent, { body })
  const rows = [
    await panel.ctx.db.selectFrom('nodes').selectAll().execute(),
    await panel.ctx.db.selectFrom('enrolment_tokens').selectAll().execute(),
    await panel.ctx.db.selectFrom('event_log').selectAll().execute(),
    (await client.call(getNode, { params })).body,
  ]
  expect(JSON.stringify(rows)).not.toContain(body.secret)
  expect(JSON.stringify(rows)).not.toContain(token)
})

describe('connecting', () => {
  test('an agent proves its secret and the node is online until it leaves', async () => {
    await using at = await withToken()
    const { panel, client, params, url } = at
    await using agent = await FakeAgent.enrol(panel, at.token)
    expect(await statusOf(client, params)).toBe('offline')
    await agent.connect(url)
    await until(async () => (await statusOf(client, params)) === 'online')
    expect((await client.call(getNode, { params })).body.host).toMatchObject({ hostname: 'fake', runtime: 'memory' })
    await agent.disconnect()
    await until(async () => (await statusOf(client, params)) === 'offline')
  })

  test('a wrong secret, an unknown key and an unknown node are refused alike', async () => {
    await using at = await withToken()
    const agent = await FakeAgent.enrol(at.panel, at.token)
    const { secret, keyId, node } = agent
    agent.secret = randomBytes(32)
    await expect(agent.connect(at.url)).rejects.toMatchObject({ code: 'HANDSHAKE_FAILED' })
    agent.secret = secret
    agent.keyId = 'nk_unknown'
    await expect(agent.connect(at.url)).rejects.toMatchObject({ code: 'HANDSHAKE_FAILED' })
    const stranger = new FakeAgent(randomUUID(), keyId, secret, agent.installation)
    await expect(stranger.connect(at.url)).rejects.toMatchObject({ code: 'HANDSHAKE_FAILED' })
    expect(node).toBe(at.params.node)
  })

  test('a second installation with the same secret is refused and told of', async () => {
    await using at = await withToken()
    await using agent = await FakeAgent.enrol(at.panel, at.token)
    await agent.connect(at.url)
    const copy = new FakeAgent(agent.node, agent.keyId, agent.secret, randomUUID())
    await expect(copy.connect(at.url)).rejects.toMatchObject({ code: 'INSTALLATION_MISMATCH' })
    expect(await eventsOf(at.panel, 'node:installation-refused')).toHaveLength(1)
    expect(agent.session).not.toBeNull()
    expect(await statusOf(at.client, at.params)).toBe('online')
  })

  test('a newer connection replaces the one before', async () => {
    await using at = await withToken()
    await using agent = await FakeAgent.enrol(at.panel, at.token)
    const first = await agent.connect(at.url)
    const second = await agent.connect(at.url)
    await first.closed
    expect(second.hello.sessionEpoch).toBe(first.hello.sessionEpoch + 1)
    expect(await statusOf(at.client, at.params)).toBe('online')
  })

  test('the secret before stays valid until the new one has connected', async () => {
    await using at = await withToken()
    const old = await FakeAgent.enrol(at.panel, at.token)
    const { body } = await at.client.call(createEnrolmentToken, { params: at.params })
    const secret = randomBytes(32)
    const request = requestOf(body.token, { secret: secret.toString('base64url'), installation: old.installation })
    const answer = await at.panel.anonymous.call(enrolAgent, { body: request })
    await old.connect(at.url)
    await old.disconnect()
    await using rotated = new FakeAgent(old.node, answer.body.keyId, secret, old.installation)
    await rotated.connect(at.url)
    await rotated.disconnect()
    await expect(old.connect(at.url)).rejects.toMatchObject({ code: 'HANDSHAKE_FAILED' })
  })

  test('locking or deleting a node ends its connection', async () => {
    await using at = await withToken()
    await using agent = await FakeAgent.enrol(at.panel, at.token)
    const session = await agent.connect(at.url)
    await at.panel.anonymous.refusal(enrolAgent, { body: requestOf(at.token) })
    await session.closed
    await expect(agent.connect(at.url)).rejects.toMatchObject({ code: 'HANDSHAKE_FAILED' })

    await using other = await withToken()
    await using second = await FakeAgent.enrol(other.panel, other.token)
    const theirs = await second.connect(other.url)
    expect((await other.client.call(deleteNode, { params: other.params })).status).toBe(200)
    await theirs.closed
  })

  test('an upgrade that names no node, or is no WebSocket, is answered and changes nothing', async () => {
    await using at = await withToken()
    const answer = await fetch(`${at.url}/api/agent/link?node=nobody`)
    expect(answer.status).toBe(404)
    const socket = new WebSocket(`${at.url.replace('http', 'ws')}/api/agent/link?node=../etc`)
    await new Promise((resolve) => socket.addEventListener('error', resolve, { once: true }))
  })
})
