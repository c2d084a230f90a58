import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { getHealth } from '@hatchery/core/api'
import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { openSshStage } from '../ssh-access/ssh-stage.ts'
import { hasKeygen } from '../ssh-keys/keygen.test-data.ts'
import { readOrphans } from './orphans.ts'
import { createTestNode } from './test-node.ts'
import { until } from './until.ts'

describe('at the door of agents', () => {
  test('handshakes that are begun and never ended keep no agent out', async () => {
    await using node = await createTestNode({ isConnected: false })
    const address = `${node.url.replace(/^http/, 'ws')}/api/agent/link?node=${randomUUID()}`
    const idle = Array.from({ length: 270 }, () => {
      const socket = new WebSocket(address, { localAddress: '127.0.0.2', perMessageDeflate: false })
      return { socket, opened: once(socket, 'open') }
    })
    await Promise.all(idle.map(({ opened }) => opened))
    await node.connect()
    expect(node.agent.session).not.toBeNull()
    for (const { socket } of idle) socket.terminate()
  })

  test.runIf(hasKeygen)('a node learns nothing of people and servers that are not on it, however it asks', async () => {
    await using stage = await openSshStage()
    const { owner, panel, server } = stage
    const elsewhere = await panel.createServer(owner)
    await stage.addKey(owner)
    const { password } = await stage.addPassword(owner)
    expect(await stage.ask()).toMatchObject({ server: server.uuid })
    const credentials = [stage.proof, { ...stage.proof, isSigned: false }, { kind: 'password', password } as const]
    for (const credential of credentials) {
      for (const ref of [elsewhere.uuid, elsewhere.shortId]) {
        expect(await stage.ask({ username: `${owner.username}.${ref}`, credential })).toBeNull()
      }
    }
    await panel.ctx.store.transaction((trx) =>
      trx.updateTable('servers').set({ node_id: elsewhere.nodeId }).where('id', '=', server.id).execute(),
    )
    expect(await stage.ask()).toBeNull()
  })

  test.runIf(hasKeygen)(
    'a node that asks without end is answered within limits, and holds up nobody else',
    async () => {
      await using stage = await openSshStage()
      const { agent, admin } = stage
      const questions = Array.from({ length: 3000 }, (_, index) => stage.ask({ username: `guess${index}.00000000` }))
      const health = await admin.call(getHealth)
      expect(health.status).toBe(200)
      expect(new Set(await Promise.all(questions))).toEqual(new Set([null]))
      expect(agent.session).not.toBeNull()
    },
  )

  test('a node that makes servers up is listened to up to a limit', async () => {
    await using node = await createTestNode()
    const { agent, panel } = node
    const report = {
      generation: null,
      state: 'offline',
      install: 'installed',
      run: 0,
      stateSeq: 1,
      startedAt: null,
      exit: null,
      isOrphaned: true,
    } as const
    for (let index = 0; index < 600; index++) {
      agent.emit({ name: 'server.report', data: { ...report, server: randomUUID() } })
    }
    const { id } = await panel.ctx.db.selectFrom('nodes').select('id').executeTakeFirstOrThrow()
    await until(() => agent.outbox.acknowledgedSeq >= 600, 'all events are acknowledged')
    expect(await readOrphans(panel.ctx.db, id, { after: null, limit: 1000 })).toHaveLength(500)
  })
})
