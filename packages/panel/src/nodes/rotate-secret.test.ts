import { getNode, rotateNodeSecret } from '@hatchery/core/api'
import { describe, expect, test } from 'vitest'
import { DIALECTS } from '../testing/test-panel.ts'
import { createTestNode, type TestNode } from './test-node.ts'
import { until } from './until.ts'

const rotate = (node: TestNode) => node.client.call(rotateNodeSecret, { params: { node: node.node } })
const keysOf = (node: TestNode) =>
  node.panel.ctx.db.selectFrom('nodes').select(['key_id', 'previous_key_id']).executeTakeFirstOrThrow()
const closed = (node: TestNode) =>
  until(async () => {
    const { instance } = await node.panel.ctx.db.selectFrom('nodes').select('instance').executeTakeFirstOrThrow()
    return instance === null
  }, 'the end of the connection')

/** The agent begins to use what it was asked to make. */
function usePending({ agent }: TestNode): void {
  agent.keyId = agent.pending!.keyId
  agent.secret = agent.pending!.secret
}

for (const dialect of DIALECTS) {
  test(`the secret of a node is rotated: both are accepted until the new one has connected (${dialect})`, async () => {
    await using node = await createTestNode({ dialect })
    const { agent } = node
    const old = { keyId: agent.keyId, secret: agent.secret }
    const rotated = await rotate(node)
    expect(rotated.body.isRotatingSecret).toBe(true)
    await closed(node)
    expect(await keysOf(node)).toEqual({ key_id: agent.pending!.keyId, previous_key_id: old.keyId })

    await node.connect()
    expect((await keysOf(node)).previous_key_id).toBe(old.keyId)
    await agent.disconnect()
    usePending(node)
    await node.connect()
    expect(await keysOf(node)).toEqual({ key_id: agent.keyId, previous_key_id: null })
    const { body } = await node.client.call(getNode, { params: { node: node.node } })
    expect(body.isRotatingSecret).toBe(false)

    await agent.disconnect()
    Object.assign(agent, old)
    await expect(agent.connect(node.url)).rejects.toMatchObject({ code: 'HANDSHAKE_FAILED' })
  })
}

describe('a rotation', () => {
  test('that the agent has not followed yet is replaced, and what it connects with now stays valid', async () => {
    await using node = await createTestNode()
    const { agent } = node
    await rotate(node)
    await closed(node)
    await node.connect()
    const before = agent.pending!.keyId
    await rotate(node)
    await closed(node)
    expect(agent.pending!.keyId).not.toBe(before)
    expect(await keysOf(node)).toEqual({ key_id: agent.pending!.keyId, previous_key_id: agent.keyId })
    await node.connect()
  })

  test('needs the agent: one that is away, or too old, keeps its secret', async () => {
    await using node = await createTestNode()
    const before = await keysOf(node)
    const refusal = () => node.client.refusal(rotateNodeSecret, { params: { node: node.node } })
    node.agent.override['node.rotateSecret'] = async () => ({ secret: 'short' })
    expect(await refusal()).not.toBe('INTERNAL')
    await node.agent.disconnect()
    await closed(node)
    expect(await refusal()).toBe('NODE_UNREACHABLE')
    expect(await keysOf(node)).toEqual(before)
  })

  test('never shows a secret, in no answer and no event', async () => {
    await using node = await createTestNode()
    const { body } = await rotate(node)
    const secret = node.agent.pending!.secret.toString('base64url')
    await node.panel.settleEvents()
    const events = await node.panel.ctx.db.selectFrom('event_log').selectAll().execute()
    expect(JSON.stringify(events)).toContain('node:secret-rotated')
    expect(JSON.stringify([body, events])).not.toContain(secret)
  })
})
