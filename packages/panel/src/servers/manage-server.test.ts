import {
  answerFeature,
  createSubuser,
  deleteServer,
  deleteSubuser,
  getServer,
  getStartup,
  liftHold,
  listServerActivity,
  listServers,
  listSubusers,
  placeHold,
  powerServer,
  reinstallServer,
  sendCommand,
  updateImage,
  updateServer,
  updateServerBuild,
  updateServerLifecycle,
  updateStartup,
  updateSubuser,
} from '@hatchery/core/api'
import { describe, expect, test } from 'vitest'
import { createTestNode, type TestNode } from '../nodes/test-node.ts'
import { until } from '../nodes/until.ts'
import { DIALECTS, type TestClient, type TestUser } from '../testing/test-panel.ts'

interface Owned extends TestNode {
  readonly server: string
  readonly owner: TestUser
  readonly theirs: TestClient
}

/** A server whose owner is no administrator. */
async function withOwner(dialect: (typeof DIALECTS)[number] = 'sqlite'): Promise<Owned> {
  const node = await createTestNode({ dialect })
  const owner = await node.panel.createUser()
  const { id } = await node.createServer({ owner: owner.uuid })
  return Object.assign(node, { server: id, owner, theirs: await node.panel.signInAs(owner) })
}

const specOf = ({ agent, server }: Owned) => agent.servers.get(server)?.spec
const stateOf = async ({ client, server }: Owned) => (await client.call(getServer, { params: { server } })).body.state
const stored = ({ agent }: TestNode) => until(() => agent.outbox.acknowledgedSeq === agent.outbox.lastSeq, 'the events')

for (const dialect of DIALECTS) {
  describe(`managing a server on ${dialect}`, () => {
    test('holds suspend it, stop it, and are lifted one by one', async () => {
      await using at = await withOwner(dialect)
      const { client, agent, server, theirs } = at
      agent.report(server, { state: 'running', run: 1 })
      await stored(at)
      const hold = (kind: 'billing' | 'abuse') => ({ params: { server, kind }, body: { reason: 'test' } })
      expect((await client.call(placeHold, hold('billing'))).body).toMatchObject({
        state: 'suspended',
        holds: ['billing'],
      })
      await client.call(placeHold, hold('abuse'))
      await until(() => agent.servers.get(server)?.state === 'offline')
      await until(() => specOf(at)?.holds.length === 2)
      const start = { params: { server }, body: { action: 'start' } } as const
      expect(await theirs.refusal(powerServer, start)).toBe('SERVER_SUSPENDED')
      expect(await theirs.refusal(liftHold, { params: { server, kind: 'billing' } })).toBe('PERMISSION_DENIED')

      const lift = (kind: 'billing' | 'abuse') => client.call(liftHold, { params: { server, kind } })
      expect((await lift('billing')).body.state).toBe('suspended')
      expect((await lift('abuse')).body).toMatchObject({ state: 'offline', holds: [] })
      expect(await client.refusal(liftHold, { params: { server, kind: 'abuse' } })).toBe('HOLD_NOT_FOUND')
      await until(() => specOf(at)?.holds.length === 0)
      expect((await theirs.call(powerServer, start)).status).toBe(202)
    })

    test('startup variables follow the rules of the egg and the rights of the person', async () => {
      await using at = await withOwner(dialect)
      const { client, server, theirs } = at
      const params = { server }
      const before = (await theirs.call(getStartup, { params })).body
      expect(before.variables.map(({ envVariable }) => envVariable)).toEqual(['GREETING', 'ADMIN_TOKEN'])
      expect(before.preview).toBe('./echo --name hello --port 25565 --token ••••••')

      const set = (variables: Record<string, string>) => ({ params, body: { variables } })
      expect(await theirs.refusal(updateStartup, set({ GREETING: '' }))).toBe('VARIABLE_INVALID')
      expect(await theirs.refusal(updateStartup, set({ ADMIN_TOKEN: 'x' }))).toBe('VARIABLE_NOT_EDITABLE')
      expect(await theirs.refusal(updateStartup, set({ EDITION: 'enterprise' }))).toBe('VARIABLE_NOT_EDITABLE')
      const command = { params, body: { command: './evil' } }
      expect(await theirs.refusal(updateStartup, command)).toBe('PERMISSION_DENIED')

      const after = await theirs.call(updateStartup, set({ GREETING: 'moin' }))
      expect(after.body.preview).toContain('--name moin')
      await until(() => specOf(at)?.environment['GREETING'] === 'moin')
      await client.call(updateStartup, { params, body: { variables: { EDITION: 'enterprise' }, command: './echo' } })
      await until(() => specOf(at)?.startup === './echo')
      expect(specOf(at)?.environment).toMatchObject({ EDITION: 'enterprise', GREETING: 'moin' })

      const stale = { ...set({ GREETING: 'late' }), headers: { 'if-match': `"${before.revision}"` } }
      expect(await theirs.refusal(updateStartup, stale)).toBe('REVISION_MISMATCH')
    })

    test('an image is one of the egg', async () => {
      await using at = await withOwner(dialect)
      const request = (image: string) => ({ params: { server: at.server }, body: { image } })
      expect(await at.theirs.refusal(updateImage, request('evil/image'))).toBe('IMAGE_NOT_ALLOWED')
      expect((await at.theirs.call(updateImage, request('ghcr.io/example/java:17'))).status).toBe(200)
      await until(() => specOf(at)?.image === 'ghcr.io/example/java:17')
    })

    test('what happens on a crash is the server’s own, and reaches the node', async () => {
      await using at = await withOwner(dialect)
      const params = { server: at.server }
      const before = (await at.theirs.call(getServer, { params })).body
      expect(before.lifecycle).toMatchObject({ crash: { isEnabled: true, maxRestarts: 5 }, stopTimeoutMs: 30_000 })

      const { body } = await at.theirs.call(updateServerLifecycle, { params, body: { crash: { maxRestarts: 2 } } })
      expect(body.lifecycle).toEqual({ ...before.lifecycle, crash: { ...before.lifecycle.crash, maxRestarts: 2 } })
      await at.theirs.call(updateServerLifecycle, { params, body: { stopTimeoutMs: 90_000 } })
      await until(() => specOf(at)?.stopTimeoutMs === 90_000)
      expect(specOf(at)?.crashPolicy).toEqual(body.lifecycle.crash)
      expect((await at.theirs.call(getServer, { params })).body.stopTimeoutMs).toBe(90_000)

      const refused = { params, body: { crash: { windowMs: 1 } } }
      expect(await at.theirs.refusal(updateServerLifecycle, refused)).toBe('VALIDATION_FAILED')
      const stale = { params, body: {}, headers: { 'if-match': `"${before.revision}"` } }
      expect(await at.theirs.refusal(updateServerLifecycle, stale)).toBe('REVISION_MISMATCH')
    })

    test('a new owner has it, and the one before has nothing left', async () => {
      await using at = await withOwner(dialect)
      const { client, panel, server, theirs } = at
      const heir = await panel.createUser()
      const heirs = await panel.signInAs(heir)
      const body = { email: heir.email, permissions: ['control.console'] }
      expect((await theirs.call(createSubuser, { params: { server }, body })).status).toBe(201)
      await client.call(updateServerBuild, { params: { server }, body: { owner: heir.uuid } })
      expect((await heirs.call(listServers, { query: {} })).body.data).toMatchObject([
        { id: server, permissions: ['*'] },
      ])
      expect((await heirs.call(listSubusers, { params: { server }, query: {} })).body.data).toEqual([])
      expect((await theirs.call(listServers, { query: {} })).body.data).toEqual([])
      expect((await theirs.call(getServer, { params: { server } })).status).toBe(404)
    })

    test('subusers get what the giver has, and no more', async () => {
      await using at = await withOwner(dialect)
      const { panel, server, theirs, owner } = at
      const [friend, third] = [await panel.createUser(), await panel.createUser()]
      const params = { server }
      const invite = (user: TestUser, permissions: string[]) => ({ params, body: { email: user.email, permissions } })
      expect(
        (await theirs.call(createSubuser, invite(friend, ['user.create', 'user.update', 'control.start']))).status,
      ).toBe(201)
      expect(await theirs.refusal(createSubuser, invite(friend, ['user.read']))).toBe('SUBUSER_EXISTS')
      expect(await theirs.refusal(createSubuser, invite(owner, ['user.read']))).toBe('SUBUSER_IS_OWNER')
      expect(await theirs.refusal(createSubuser, invite(third, ['no.such']))).toBe('VALIDATION_FAILED')

      const friends = await panel.signInAs(friend)
      expect(await friends.refusal(createSubuser, invite(third, ['control.stop']))).toBe('GRANT_EXCEEDS_OWN')
      expect((await friends.call(createSubuser, invite(third, ['control.start']))).status).toBe(201)
      const grow = { params: { server, user: friend.uuid }, body: { permissions: ['*', 'control.stop'] } }
      expect(await friends.refusal(updateSubuser, grow)).toBe('VALIDATION_FAILED')
      const own = { params: { server, user: friend.uuid }, body: { permissions: ['control.stop'] } }
      expect(await friends.refusal(updateSubuser, own)).toBe('GRANT_EXCEEDS_OWN')

      const listed = (await friends.call(listServers, { query: {} })).body.data
      expect(listed).toMatchObject([{ permissions: ['control.start', 'user.create', 'user.update'] }])
      const start = { params, body: { action: 'start' } } as const
      expect((await friends.call(powerServer, start)).status).toBe(202)
      expect(await friends.refusal(powerServer, { params, body: { action: 'kill' } })).toBe('PERMISSION_DENIED')

      await theirs.call(deleteSubuser, { params: { server, user: friend.uuid } })
      expect(await friends.refusal(powerServer, start)).toBe('SERVER_NOT_FOUND')
      expect(await theirs.refusal(deleteSubuser, { params: { server, user: friend.uuid } })).toBe('SUBUSER_NOT_FOUND')
    })

    test('the log says who did what', async () => {
      await using at = await withOwner(dialect)
      const { server, theirs, client } = at
      await theirs.call(powerServer, { params: { server }, body: { action: 'start' } })
      await client.call(updateServer, { params: { server }, body: { name: 'New name' } })
      const { data } = (await theirs.call(listServerActivity, { params: { server }, query: {} })).body
      expect(data.map(({ type }) => type)).toEqual([
        'server:renamed',
        'server:power.start',
        'server:install.succeeded',
        'server:created',
      ])
      expect(data[1]).toMatchObject({ actor: { id: at.owner.uuid }, ip: '127.0.0.1', server })
      expect(data[0]).toMatchObject({ actor: { id: at.admin.uuid }, ip: null })
    })
  })
}

describe('what is under way', () => {
  test('a server that is being installed is busy, and not installed when that failed', async () => {
    await using at = await withOwner()
    const { agent, server, theirs } = at
    const params = { server }
    agent.finishesInstalls = false
    const { operation } = (await theirs.call(reinstallServer, { params })).body
    expect(await stateOf(at)).toBe('installing')
    expect(await theirs.refusal(powerServer, { params, body: { action: 'start' } })).toBe('SERVER_BUSY')
    expect(await theirs.refusal(reinstallServer, { params })).toBe('SERVER_BUSY')
    await until(() => agent.callsOf('server.install').length === 2)
    // An old report does not show it as done.
    agent.report(server, { install: 'installed' })
    await stored(at)
    expect(await stateOf(at)).toBe('installing')
    const error = { code: 'INSTALL_FAILED', message: 'It failed.' }
    agent.emit({ name: 'operation.finished', data: { operation, server, status: 'failed', error, at: 0 } })
    await until(async () => (await stateOf(at)) === 'install_failed')
    expect(await theirs.refusal(powerServer, { params, body: { action: 'start' } })).toBe('SERVER_NOT_INSTALLED')
    agent.finishesInstalls = true
    await theirs.call(reinstallServer, { params })
    await until(async () => (await stateOf(at)) === 'offline')
  })

  test('a command needs a server that runs', async () => {
    await using at = await withOwner()
    const request = { params: { server: at.server }, body: { command: 'hi' } }
    expect(await at.theirs.refusal(sendCommand, request)).toBe('SERVER_NOT_RUNNING')
  })

  test('what the node refuses is answered with the code of the node', async () => {
    await using at = await withOwner()
    at.agent.override['server.power'] = () => Promise.reject(Object.assign(new Error('no'), {}))
    const answer = await at.theirs.call(powerServer, { params: { server: at.server }, body: { action: 'start' } })
    expect(answer.status).toBe(409)
    expect(answer.body).toMatchObject({ error: { code: 'NODE_REFUSED' } })
  })

  test('deleting twice is one deletion', async () => {
    await using at = await withOwner()
    at.agent.override['server.delete'] = () => Promise.resolve({})
    const first = await at.client.call(deleteServer, { params: { server: at.server } })
    const second = await at.client.call(deleteServer, { params: { server: at.server } })
    expect(second.body).toEqual(first.body)
    expect(await at.theirs.refusal(powerServer, { params: { server: at.server }, body: { action: 'start' } })).toBe(
      'SERVER_BUSY',
    )
  })
})

describe('features', () => {
  test('are shown while they wait, and answered with one button', async () => {
    await using at = await withOwner()
    const { agent, server, theirs } = at
    const line = 'UnsupportedClassVersionError: class file version 65.0'
    agent.emit({ name: 'server.feature', data: { server, feature: 'java_version', line, isPending: true, at: 1 } })
    agent.emit({ name: 'server.feature', data: { server, feature: 'eula', line: 'eula.txt', isPending: true, at: 2 } })
    await stored(at)
    const params = { server }
    const { pendingFeatures } = (await theirs.call(getServer, { params })).body
    expect(pendingFeatures).toMatchObject([
      { feature: 'java_version', images: [{ value: 'ghcr.io/example/java:21' }] },
      { feature: 'eula', images: [] },
    ])
    await theirs.call(answerFeature, { params: { server, feature: 'eula' }, body: {} })
    expect(agent.callsOf('server.acceptEula')).toHaveLength(1)
    const wrong = { params: { server, feature: 'java_version' }, body: { image: 'evil' } } as const
    expect(await theirs.refusal(answerFeature, wrong)).toBe('IMAGE_NOT_ALLOWED')
    const right = { params: { server, feature: 'java_version' }, body: { image: 'ghcr.io/example/java:17' } } as const
    expect((await theirs.call(answerFeature, right)).status).toBe(202)
    expect(specOf(at)?.image).toBe('ghcr.io/example/java:17')
    expect(agent.callsOf('server.power').at(-1)?.params).toMatchObject({ action: 'restart' })
  })
})
