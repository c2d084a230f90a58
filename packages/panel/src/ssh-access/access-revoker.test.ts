import {
  changePassword,
  createSubuser,
  deleteAppPassword,
  deleteSshKey,
  deleteSubuser,
  placeHold,
  updateServerBuild,
  updateSubuser,
  updateUser,
} from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import type { AgentParams } from '@hatchery/core/protocol'
import { describe, expect, test } from 'vitest'
import { until } from '../nodes/until.ts'
import { DIALECTS, type TestPanelOptions } from '../testing/test-panel.ts'
import { CredentialExpiry } from './expire-credentials.ts'
import { ADDRESS, openSshStage } from './ssh-stage.ts'

type Stage = Awaited<ReturnType<typeof openSshStage>>
type Told = AgentParams<'access.revoke'>

const toldTo = ({ agent }: Pick<Stage, 'agent'>) =>
  agent.callsOf('access.revoke').map(({ params }) => params as unknown as Told)

/** Carries a change out and waits until the node has been told. */
async function after(stage: Stage, change: () => Promise<unknown>): Promise<readonly Told[]> {
  const before = toldTo(stage).length
  await change()
  await until(() => toldTo(stage).length > before, 'the node is told')
  return toldTo(stage).slice(before)
}

async function openWithFriend(options: TestPanelOptions = {}) {
  const stage = await openSshStage(options)
  const { panel, server, client } = stage
  const friend = await panel.createUser()
  const params = { server: server.uuid }
  const body = { email: friend.email, permissions: ['file.sftp', 'file.read'] }
  await client.call(createSubuser, { params, body })
  await stage.addKey(friend)
  const ask = () => stage.ask({ username: `${friend.username}.${server.shortId}` })
  return { stage, friend, ask, params: { ...params, user: friend.uuid } }
}

describe('a node is told what has become outdated', () => {
  test.each(DIALECTS)('when a subuser has less or nothing left, of this server only (%s)', async (dialect) => {
    const { stage, friend, ask, params } = await openWithFriend({ dialect })
    await using _ = stage
    const { client, server } = stage
    const opened = await ask()
    const changed = await after(stage, () =>
      client.call(updateSubuser, { params, body: { permissions: ['file.sftp'] } }),
    )
    expect(changed).toEqual([{ user: friend.uuid, server: server.uuid, minRevision: opened!.accessRevision + 1 }])
    const again = await ask()
    // What was opened before is below the least, what is opened now is not, in the same millisecond.
    expect(again).toMatchObject({ permissions: ['file.sftp'], accessRevision: changed[0]!.minRevision })
    const taken = await after(stage, () => client.call(deleteSubuser, { params }))
    expect(taken).toEqual([{ user: friend.uuid, server: server.uuid, minRevision: again!.accessRevision + 1 }])
    expect(await ask()).toBeNull()
  })

  test('when a server gets another owner', async () => {
    const { stage, friend } = await openWithFriend()
    await using _ = stage
    const { admin, owner, server } = stage
    const params = { server: server.uuid }
    const told = await after(stage, () => admin.call(updateServerBuild, { params, body: { owner: friend.uuid } }))
    expect(told).toEqual([{ user: owner.uuid, server: server.uuid, minRevision: 2 }])
  })

  test.each(['frozen', 'suspended'] as const)('when somebody is %s, of all servers', async (state) => {
    await using stage = await openSshStage()
    const { admin, owner } = stage
    const told = await after(stage, () => admin.call(updateUser, { params: { user: owner.uuid }, body: { state } }))
    expect(told).toEqual([{ user: owner.uuid, server: null, minRevision: 2 }])
  })

  test('when somebody is no administrator any more, and when a password is changed', async () => {
    await using stage = await openSshStage()
    const other = await stage.panel.createAdmin()
    const params = { user: other.uuid }
    expect(await after(stage, () => stage.admin.call(updateUser, { params, body: { isAdmin: false } }))).toEqual([
      { user: other.uuid, server: null, minRevision: 2 },
    ])
    const body = { current: other.password, password: 'another long sentence' }
    const client = await stage.panel.signInAs(other)
    expect(await after(stage, () => client.call(changePassword, { body }))).toEqual([
      { user: other.uuid, server: null, minRevision: 3 },
    ])
  })

  test.each(DIALECTS)('when a key or an app password is deleted (%s)', async (dialect) => {
    await using stage = await openSshStage({ dialect })
    const key = await stage.addKey(stage.owner)
    const app = await stage.addPassword(stage.owner)
    await after(stage, () => key.client.call(deleteSshKey, { params: { key: key.id } }))
    await after(stage, () => app.client.call(deleteAppPassword, { params: { password: app.id } }))
    expect(toldTo(stage)).toEqual([
      { user: stage.owner.uuid, server: null, minRevision: 2 },
      { user: stage.owner.uuid, server: null, minRevision: 3 },
    ])
    expect(await stage.ask()).toBeNull()
  })

  test.each(DIALECTS)('when the time of a key is over, once (%s)', async (dialect) => {
    await using stage = await openSshStage({ dialect })
    const { panel, owner } = stage
    await stage.addKey(owner, { expiresAt: panel.clock.now() + 5000 })
    const expiry = new CredentialExpiry(panel.ctx)
    expect(await expiry.run()).toBe(0)
    panel.clock.advance(5000)
    expect(await after(stage, () => expiry.run())).toEqual([{ user: owner.uuid, server: null, minRevision: 2 }])
    expect(await expiry.run()).toBe(0)
  })

  test('when a server is suspended: everybody who has access to it', async () => {
    const { stage, friend } = await openWithFriend()
    await using _ = stage
    const { admin, server, owner } = stage
    const params = { server: server.uuid, kind: 'abuse' } as const
    await admin.call(placeHold, { params, body: { reason: 'x' } })
    await until(() => toldTo(stage).length === 2, 'the node is told')
    const told = toldTo(stage).toSorted((a, b) => a.minRevision - b.minRevision)
    expect(told.map(({ user }) => user).toSorted()).toEqual([owner.uuid, friend.uuid].toSorted())
    expect(told.every((one) => one.server === server.uuid)).toBe(true)
    // Another reason for the same hold takes nothing more away.
    await admin.call(placeHold, { params, body: { reason: 'y' } })
    expect(toldTo(stage)).toHaveLength(2)
  })
})

describe('a node that was away', () => {
  test('is told at its return, once for each person and server, and not again what is long past', async () => {
    const { stage, friend, params } = await openWithFriend()
    await using _ = stage
    const { agent, client, node, panel, server } = stage
    await agent.disconnect()
    await client.call(updateSubuser, { params, body: { permissions: ['file.sftp'] } })
    await client.call(deleteSubuser, { params })
    expect(toldTo(stage)).toEqual([])
    await node.connect()
    await until(() => toldTo(stage).length > 0, 'the node is told')
    expect(toldTo(stage)).toEqual([{ user: friend.uuid, server: server.uuid, minRevision: 3 }])

    await agent.disconnect()
    panel.clock.advance(25 * 3_600_000)
    await stage.admin.call(updateUser, { params: { user: friend.uuid }, body: { state: 'frozen' } })
    await node.connect()
    await until(() => toldTo(stage).length > 1, 'the node is told')
    expect(toldTo(stage).slice(1)).toEqual([{ user: friend.uuid, server: null, minRevision: 4 }])
  })

  test('that does not take it loses its connection, upon which it ends everything by itself', async () => {
    await using stage = await openSshStage()
    const { agent, admin, owner } = stage
    let asked = 0
    agent.override['access.revoke'] = async () => {
      asked++
      throw new AppError('SERVICE_UNAVAILABLE', { reason: 'the disk is full' })
    }
    const closed = agent.session!.closed
    await admin.call(updateUser, { params: { user: owner.uuid }, body: { state: 'frozen' } })
    expect(await closed).toContain('did not take a revocation')
    expect(asked).toBe(4)
  })

  test('that knows no SSH keeps its connection', async () => {
    await using stage = await openSshStage()
    const { agent, admin, owner } = stage
    agent.override['access.revoke'] = async () => {
      throw new AppError('METHOD_UNKNOWN', { method: 'access.revoke' })
    }
    await after(stage, () => admin.call(updateUser, { params: { user: owner.uuid }, body: { state: 'frozen' } }))
    // The link answers afterwards as before.
    expect(await stage.ask()).toBeNull()
    expect(toldTo(stage)).toHaveLength(1)
  })
})

test('access that is taken away while somebody signs in is never honoured by the node', async () => {
  const { stage, ask, params, friend } = await openWithFriend()
  await using _ = stage
  const { client } = stage
  let isTaken = false
  const answers: Awaited<ReturnType<typeof ask>>[] = []
  const asking = (async () => {
    while (!isTaken) answers.push(await ask())
    answers.push(await ask())
  })()
  await until(() => answers.length > 3, 'people sign in')
  const told = await after(stage, () => client.call(deleteSubuser, { params }))
  isTaken = true
  await asking
  expect(answers.at(-1)).toBeNull()
  const least = told.find(({ user }) => user === friend.uuid)!.minRevision
  for (const answer of answers) if (answer) expect(answer.accessRevision).toBeLessThan(least)
})

test('what people do over SSH is activity of the server, as far as the node may speak of it', async () => {
  await using stage = await openSshStage()
  const { agent, owner, panel, server } = stage
  const elsewhere = await panel.createServer(owner)
  const who = { user: owner.uuid, address: ADDRESS, at: 1 }
  const session = { ...who, server: server.uuid, credentialId: 'k', client: 'OpenSSH_10.0' }
  const audit = { ...who, via: 'sftp' as const, counts: { write: 2 }, paths: ['a', 'b'] }
  agent.emit({ name: 'ssh.opened', data: session })
  agent.emit({ name: 'files.audit', data: { ...audit, server: server.uuid } })
  agent.emit({ name: 'files.audit', data: { ...audit, server: elsewhere.uuid } })
  agent.emit({ name: 'ssh.opened', data: { ...session, user: elsewhere.uuid } })
  agent.emit({ name: 'ssh.closed', data: session })
  await until(() => agent.outbox.acknowledgedSeq === agent.outbox.lastSeq, 'the events are stored')
  const rows = await panel.ctx.db
    .selectFrom('event_log')
    .select(['type', 'user_id', 'server_id', 'ip', 'data'])
    .where('type', 'like', 'server:ssh.%')
    .orderBy('id')
    .execute()
  expect(rows.map(({ type }) => type)).toEqual(['server:ssh.opened', 'server:ssh.files', 'server:ssh.closed'])
  for (const row of rows) expect(row).toMatchObject({ user_id: owner.id, server_id: server.id, ip: ADDRESS })
  expect(JSON.parse(rows[1]!.data)).toEqual({ via: 'sftp', counts: { write: 2 }, paths: ['a', 'b'], at: 1 })
})
