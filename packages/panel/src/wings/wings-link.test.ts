import { randomUUID } from 'node:crypto'
import {
  createNest,
  createServer,
  createWingsConfiguration,
  deleteServer,
  getNode,
  getServer,
  importEgg,
  powerServer,
} from '@hatchery/core/api'
import { expect, test } from 'vitest'
import { LIMITS, TEST_EGG } from '../nodes/test-node.ts'
import { until } from '../nodes/until.ts'
import { FakeWings } from './fake-wings.ts'
import { createFakeWingsStage, ORIGIN, type WingsNodeStage } from './test-wings.ts'

const headers = { origin: ORIGIN }

/** Creates a server through the API, as an administrator does on any node. */
async function create({ client, admin, nodeUuid }: WingsNodeStage, values: Record<string, unknown> = {}) {
  const nest = await client.call(createNest, { headers, body: { name: `Tests ${randomUUID().slice(0, 8)}` } })
  const egg = await client.call(importEgg, { headers, body: { nest: nest.body.id, text: TEST_EGG } })
  const body = { egg: egg.body.id, node: nodeUuid, name: 'Survival', owner: admin.uuid, limits: LIMITS, ...values }
  const created = await client.call(createServer, { headers, body })
  if (created.status !== 201) throw new Error(JSON.stringify(created.body))
  return created.body.server.id
}

function rowOf({ panel }: WingsNodeStage, uuid: string) {
  return panel.ctx.db.selectFrom('servers').selectAll().where('uuid', '=', uuid).executeTakeFirst()
}

async function createRunning(stage: WingsNodeStage & { wings: FakeWings }) {
  const uuid = await create(stage)
  await until(async () => (await rowOf(stage, uuid))?.install_state === 'installed', 'the installation')
  await until(() => stage.wings.isWatched(uuid), 'the socket')
  await stage.client.call(powerServer, { headers, params: { server: uuid }, body: { action: 'start' } })
  await until(async () => (await rowOf(stage, uuid))?.process_state === 'running', 'the start')
  return uuid
}

test('an administrator creates, starts, stops and deletes a server on a Wings as on any node', async () => {
  await using stage = await createFakeWingsStage()
  const { client, wings, nodeUuid } = stage
  const node = await client.call(getNode, { params: { node: nodeUuid } })
  expect(node.body).toMatchObject({ kind: 'wings', status: 'online', host: { agentVersion: 'wings 1.11.13' } })

  const uuid = await createRunning(stage)
  const params = { server: uuid }
  expect((await client.call(getServer, { params })).body).toMatchObject({ state: 'running' })
  await client.call(powerServer, { headers, params, body: { action: 'stop' } })
  await until(async () => (await rowOf(stage, uuid))?.process_state === 'offline', 'the stop')
  const exit = JSON.parse((await rowOf(stage, uuid))?.last_exit ?? '{}') as object
  expect(exit).toMatchObject({ reason: 'stopped' })

  await client.call(deleteServer, { headers, params })
  await until(async () => (await rowOf(stage, uuid)) === undefined, 'the deletion')
  expect(wings.servers.size).toBe(0)
})

test('a failed install script fails the operation, and the server says so', async () => {
  await using stage = await createFakeWingsStage()
  stage.wings.installsSucceed = false
  const uuid = await create(stage)
  await until(async () => (await rowOf(stage, uuid))?.install_state === 'failed', 'the end of the installation')
  const operation = await stage.panel.ctx.db.selectFrom('operations').selectAll().executeTakeFirstOrThrow()
  expect(operation).toMatchObject({ kind: 'install', status: 'failed' })
  expect(operation.error).toContain('INSTALL_FAILED')
})

test('the end of an installation is stored once, however often the node says it', async () => {
  await using stage = await createFakeWingsStage()
  const uuid = await create(stage)
  await until(async () => (await rowOf(stage, uuid))?.install_state === 'installed', 'the installation')
  expect(await stage.wings.finishInstall(uuid, false)).toBe(204)
  expect((await rowOf(stage, uuid))?.install_state).toBe('installed')
})

test('an installation goes on while the panel has no connection, and its end is taken', async () => {
  await using stage = await createFakeWingsStage()
  stage.wings.finishesInstalls = false
  const uuid = await create(stage)
  await until(() => stage.wings.servers.has(uuid), 'the installation')
  const phaseOf = async () =>
    (await stage.panel.ctx.db.selectFrom('operations').select('phase').executeTakeFirst())?.phase
  await until(async () => (await phaseOf()) === 'installing', 'the record of it')
  await stage.link().disconnect('a test')

  expect(await stage.wings.finishInstall(uuid, false)).toBe(204)
  await until(async () => (await rowOf(stage, uuid))?.install_state === 'installed', 'the end')
  // Sent again after the reconnect, it would have run twice.
  expect(stage.wings.calls.filter(({ path, method }) => method === 'POST' && path === '/api/servers')).toHaveLength(1)
})

test('an installation whose end is never told is given up', async () => {
  await using stage = await createFakeWingsStage()
  stage.wings.finishesInstalls = false
  const uuid = await create(stage)
  const read = () => stage.panel.ctx.db.selectFrom('operations').select(['phase', 'status']).executeTakeFirstOrThrow()
  await until(async () => (await read()).phase === 'installing', 'the installation')
  await stage.panel.ctx.store.transaction(async (trx) => {
    await trx
      .updateTable('operations')
      .set({ sent_at: Date.now() - 3_700_000 })
      .execute()
  })
  await stage.link().look()
  expect(await read()).toMatchObject({ status: 'unknown' })
  expect(await rowOf(stage, uuid)).toMatchObject({ install_state: 'failed', operation_uuid: null })
})

test('a crash is told with its exit code', async () => {
  await using stage = await createFakeWingsStage()
  const uuid = await createRunning(stage)
  stage.wings.crash(uuid, 137)
  await until(async () => (await rowOf(stage, uuid))?.last_exit?.includes('crashed') === true, 'the crash')
  expect(JSON.parse((await rowOf(stage, uuid))?.last_exit ?? '{}')).toMatchObject({ code: 137, reason: 'crashed' })
  await stage.panel.settleEvents()
  const events = await stage.panel.ctx.db
    .selectFrom('event_log')
    .selectAll()
    .where('type', '=', 'server:crashed')
    .execute()
  expect(events).toHaveLength(1)
})

test('after a cut socket the console goes on without a gap and without a line twice', async () => {
  await using stage = await createFakeWingsStage()
  const uuid = await createRunning(stage)
  stage.wings.print(uuid, 'before')
  await until(async () => (await consoleOf(stage, uuid)).includes('before'), 'the line')
  stage.wings.cutSockets()
  await until(() => !stage.wings.isWatched(uuid), 'the cut')
  stage.wings.print(uuid, 'between')
  await until(async () => (await consoleOf(stage, uuid)).includes('between'), 'the line that was missed')
  stage.wings.print(uuid, 'after')
  await until(async () => (await consoleOf(stage, uuid)).includes('after'), 'the line afterwards')
  expect((await consoleOf(stage, uuid)).slice(-3)).toEqual(['before', 'between', 'after'])
})

test('a state that changed while nobody listened is found by looking', async () => {
  await using stage = await createFakeWingsStage()
  const uuid = await createRunning(stage)
  stage.wings.cutSockets()
  await until(() => !stage.wings.isWatched(uuid), 'the cut')
  stage.wings.setState(uuid, 'offline')
  await stage.link().look()
  await until(async () => (await rowOf(stage, uuid))?.process_state === 'offline', 'the state')
})

test('readings arrive while somebody watches', async () => {
  await using stage = await createFakeWingsStage()
  const uuid = await createRunning(stage)
  const seen: number[] = []
  stage.panel.ctx.nodes.onEphemeral((_node, event) => {
    if (event.name === 'stats') seen.push(event.data.stats.cpuPercent)
  })
  await stage.link().call('stats.watch', { server: uuid })
  stage.wings.sendStats(uuid)
  await until(() => seen.includes(1.5), 'a reading')
})

test('no redirect is followed and no answer without end is read', async () => {
  await using stage = await createFakeWingsStage()
  const uuid = await createRunning(stage)
  await using elsewhere = await FakeWings.start({ tokenId: '', token: '', remote: '', origin: '' })
  stage.wings.fault = { status: 302, headers: { location: `http://127.0.0.1:${elsewhere.port}/api/servers` } }
  await expect(stage.link().call('server.stats', { server: uuid })).rejects.toMatchObject({ code: 'NODE_TIMEOUT' })
  expect(elsewhere.calls).toHaveLength(0)

  stage.wings.fault = { status: 200, body: 'x'.repeat(17 * 1024 * 1024) }
  await expect(stage.link().call('server.stats', { server: uuid })).rejects.toMatchObject({ code: 'NODE_TIMEOUT' })
  stage.wings.fault = { status: 200, body: '{"state":7}' }
  await expect(stage.link().call('server.stats', { server: uuid })).rejects.toMatchObject({ code: 'NODE_REFUSED' })
})

test('new credentials end the connection that used the old ones', async () => {
  await using stage = await createFakeWingsStage()
  await stage.client.call(createWingsConfiguration, { headers, params: { node: stage.nodeUuid } })
  await until(() => !stage.link().isConnected, 'the end of the connection')
  await stage.link().look()
  expect(stage.link().isConnected).toBe(false)
  expect((await stage.wings.remote('GET', '/servers')).status).toBe(403)
})

async function consoleOf(stage: WingsNodeStage, server: string): Promise<readonly string[]> {
  const { lines } = await stage.link().call('console.read', { server, after: null, limit: 1000 })
  return lines.map(({ text }) => text)
}
