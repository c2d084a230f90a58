import { cancelOperation, createSubuser, getOperation, listOperations, reinstallServer } from '@hatchery/core/api'
import { describe, expect, test } from 'vitest'
import { createTestNode } from '../nodes/test-node.ts'
import { until } from '../nodes/until.ts'
import { DIALECTS } from '../testing/test-panel.ts'

for (const dialect of DIALECTS) {
  describe(`operations on ${dialect}`, () => {
    test('show the progress that the node tells, and can be cancelled by who may start them', async () => {
      await using node = await createTestNode({ dialect })
      const { client, agent, panel } = node
      const server = await node.createServer()
      agent.finishesInstalls = false
      const { operation } = (await client.call(reinstallServer, { params: { server: server.id } })).body
      await until(() => agent.callsOf('server.install').length === 2)
      const progress = { current: 5, total: 10, unit: 'bytes', detail: 'layer 1' } as const
      const read = async () => (await client.call(getOperation, { params: { operation } })).body
      // What the node tells before the panel has noted the beginning is older than that and dropped; nodes tell it again.
      await until(async () => (await read()).status === 'running')
      await until(async () => {
        agent.session?.emit({ name: 'progress', data: { operation, server: server.id, phase: 'pulling', progress } })
        return (await read()).phase === 'pulling'
      })
      expect(await read()).toMatchObject({ progress, status: 'running', canCancel: true, server: server.id })

      const friend = await panel.createUser()
      const theirs = await panel.signInAs(friend)
      expect(await theirs.refusal(getOperation, { params: { operation } })).toBe('OPERATION_NOT_FOUND')
      const body = { email: friend.email, permissions: ['control.start'] }
      await client.call(createSubuser, { params: { server: server.id }, body })
      expect((await theirs.call(listOperations, { query: { status: 'active' } })).body.data).toMatchObject([
        { id: operation },
      ])
      expect(await theirs.refusal(cancelOperation, { params: { operation } })).toBe('PERMISSION_DENIED')

      expect((await client.call(cancelOperation, { params: { operation } })).status).toBe(202)
      await until(async () => (await read()).status === 'cancelled')
      expect(await client.refusal(cancelOperation, { params: { operation } })).toBe('OPERATION_FINISHED')
      expect((await client.call(listOperations, { query: { status: 'active' } })).body.data).toEqual([])
      expect((await client.call(listOperations, { query: { server: server.id } })).body.data).toHaveLength(2)
    })

    test('that nobody has heard of yet end at once when they are cancelled', async () => {
      await using node = await createTestNode({ dialect })
      const { client, agent } = node
      const server = await node.createServer()
      await agent.disconnect()
      await until(() => !node.panel.ctx.nodes.of(1).isConnected)
      const { operation } = (await client.call(reinstallServer, { params: { server: server.id } })).body
      expect((await client.call(cancelOperation, { params: { operation } })).body.status).toBe('cancelled')
      await node.connect()
      expect(agent.callsOf('server.install')).toHaveLength(1)
    })
  })
}

test('a node tells nothing about the operation of another one', async () => {
  await using node = await createTestNode()
  const { client, agent, panel } = node
  const server = await node.createServer()
  agent.finishesInstalls = false
  const { operation } = (await client.call(reinstallServer, { params: { server: server.id } })).body
  await until(() => agent.callsOf('server.install').length === 2)
  const other = await panel.createNode()
  await panel.ctx.store.transaction(async (trx) => {
    await trx.updateTable('operations').set({ node_id: other.id }).where('uuid', '=', operation).execute()
  })
  agent.emit({
    name: 'operation.finished',
    data: { operation, server: server.id, status: 'succeeded', error: null, at: 0 },
  })
  await until(() => agent.outbox.acknowledgedSeq === agent.outbox.lastSeq)
  expect((await client.call(getOperation, { params: { operation } })).body.status).toBe('running')
})
