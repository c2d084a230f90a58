import { createNode, createWingsConfiguration, listLocations } from '@hatchery/core/api'
import { expect, test } from 'vitest'
import { createTestPanel } from '../../testing/test-panel.ts'
import { createFakeWingsStage, ORIGIN } from '../test-wings.ts'

const UNKNOWN = '018f4b1e-0000-4000-8000-000000000000'
const headers = { origin: ORIGIN }

test('a node proves itself by both halves of its token, and only as a Wings node', async () => {
  await using stage = await createFakeWingsStage()
  const { tokenId, token } = stage.options
  const ask = async (authorization?: string) => {
    const answer = await stage.panel.inject({
      url: '/api/remote/servers',
      headers: authorization === undefined ? {} : { authorization },
    })
    return answer.statusCode
  }
  expect(await ask(`Bearer ${tokenId}.${token}`)).toBe(200)
  expect(await ask()).toBe(401)
  expect(await ask(`Bearer ${tokenId}.${token.slice(0, -1)}0x`)).toBe(403)
  expect(await ask(`Bearer ${token}`)).toBe(403)
  expect(await ask(`Bearer .${token}`)).toBe(403)
  await stage.panel.ctx.store.transaction(async (trx) => {
    await trx.updateTable('nodes').set({ is_locked: 1 }).where('id', '=', stage.nodeId).execute()
  })
  expect(await ask(`Bearer ${tokenId}.${token}`)).toBe(403)
})

test('a node sees its own servers, in the form that a Wings reads', async () => {
  await using stage = await createFakeWingsStage()
  const { panel, admin, wings, nodeId } = stage
  const own = await panel.createServer(admin, { node_id: nodeId, startup: './run {{GREETING}}' })
  const foreign = await panel.createServer(admin)

  const list = await wings.remote('GET', '/servers?page=0&per_page=50')
  expect(list.body).toMatchObject({
    data: [{ uuid: own.uuid }],
    meta: { current_page: 1, from: 1, last_page: 1, per_page: 50, to: 1, total: 1 },
  })
  const { body } = await wings.remote('GET', `/servers/${own.uuid}`)
  expect(body).toMatchObject({
    settings: {
      uuid: own.uuid,
      suspended: false,
      invocation: './run {{GREETING}}',
      skip_egg_scripts: false,
      environment: { GREETING: 'hello', P_SERVER_UUID: own.uuid },
      build: { memory_limit: 1024, disk_space: 10_240, oom_disabled: false, oom_killer: true },
      container: { image: 'example/image:latest' },
      allocations: { default: { ip: '127.0.0.1' } },
      egg: { features: {} },
    },
    process_configuration: { startup: { done: ['ready'] }, stop: { type: 'command', value: 'stop' } },
  })
  expect((await wings.remote('GET', `/servers/${own.uuid}/install`)).body).toEqual({
    container_image: 'example/image:latest',
    entrypoint: 'sh',
    script: 'true',
  })

  for (const path of [
    `/servers/${foreign.uuid}`,
    `/servers/${foreign.uuid}/install`,
    `/servers/${UNKNOWN}`,
    '/servers/x',
  ]) {
    expect(await wings.remote('GET', path)).toMatchObject({ status: 404, body: { errors: [{ status: '404' }] } })
  }
  const end = await wings.remote('POST', `/servers/${foreign.uuid}/install`, { successful: true, reinstall: false })
  expect(end.status).toBe(404)
})

test('a held server is told as suspended', async () => {
  await using stage = await createFakeWingsStage()
  const { panel, admin, wings, nodeId } = stage
  const server = await panel.createServer(admin, { node_id: nodeId })
  await panel.ctx.store.transaction(async (trx) => {
    await trx
      .insertInto('server_holds')
      .values({ server_id: server.id, kind: 'billing', reason: '', created_by: null, created_at: 1 })
      .execute()
  })
  expect((await wings.remote('GET', `/servers/${server.uuid}`)).body).toMatchObject({ settings: { suspended: true } })
})

test('what this panel does not offer a Wings is refused, what it needs not is accepted', async () => {
  await using stage = await createFakeWingsStage()
  const { panel, admin, wings, nodeId } = stage
  const { uuid } = await panel.createServer(admin, { node_id: nodeId })
  const status = async (method: 'GET' | 'POST', path: string, body?: unknown) =>
    (await wings.remote(method, path, body)).status
  expect(await status('POST', '/servers/reset')).toBe(204)
  expect(await status('POST', '/activity', { data: [] })).toBe(204)
  expect(await status('POST', '/sftp/auth', { type: 'password', username: 'admin.x', password: 'y' })).toBe(403)
  expect(await status('GET', `/backups/${UNKNOWN}?size=1`)).toBe(404)
  expect(await status('POST', `/servers/${uuid}/transfer/failure`)).toBe(409)
  expect(await status('POST', `/servers/${uuid}/install`, { successful: 'yes' })).toBe(422)
  expect(await status('POST', `/servers/${uuid}/container/status`, { data: {} })).toBe(200)
})

test('a configuration needs the address of the panel and a Wings node, and holds both halves of the token', async () => {
  await using stage = await createFakeWingsStage()
  const { configuration, client, nodeUuid, options } = stage
  expect(configuration).toContain(`uuid: "${nodeUuid}"`)
  expect(configuration).toContain(`token_id: "${options.tokenId}"`)
  expect(configuration).toContain(`remote: "${ORIGIN}"`)
  const row = await stage.panel.ctx.db.selectFrom('nodes').selectAll().executeTakeFirstOrThrow()
  expect(JSON.stringify(row)).not.toContain(options.token)

  const { body } = await client.call(listLocations)
  const agent = await client.call(createNode, {
    headers,
    body: { name: 'agent-node', location: body.data[0]?.id ?? '', fqdn: 'a.example.com' },
  })
  expect(await client.refusal(createWingsConfiguration, { headers, params: { node: agent.body.id } })).toBe(
    'NODE_UNSUPPORTED',
  )

  await using nameless = await createTestPanel()
  const admin = await nameless.signInAs(await nameless.createAdmin())
  const { uuid } = await nameless.createNode({ kind: 'wings' })
  expect(await admin.refusal(createWingsConfiguration, { params: { node: uuid } })).toBe('BAD_REQUEST')
})
