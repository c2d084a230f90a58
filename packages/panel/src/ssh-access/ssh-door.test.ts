import { listSshKeys, placeHold, updateSshSettings, updateUser } from '@hatchery/core/api'
import { SERVER_PERMISSIONS } from '@hatchery/core/permissions'
import { describe, expect, test } from 'vitest'
import { until } from '../nodes/until.ts'
import { DIALECTS } from '../testing/test-panel.ts'
import { ADDRESS, openSshStage } from './ssh-stage.ts'

const FILE_AND_CONTROL = Object.keys(SERVER_PERMISSIONS).filter((name) => /^(file|control)\./.test(name))
const password = (value: string) => ({ kind: 'password', password: value }) as const

for (const dialect of DIALECTS) {
  describe(`signing in over SSH on ${dialect}`, () => {
    test('works with a key of the account, and says who, where and what', async () => {
      await using stage = await openSshStage({ dialect })
      const { owner, server, panel } = stage
      expect(await stage.ask()).toBeNull()
      const { id, client } = await stage.addKey(owner)
      const identity = {
        user: owner.uuid,
        name: 'ada.lovelace',
        server: server.uuid,
        permissions: FILE_AND_CONTROL,
        accessRevision: 1,
        credentialId: id,
      }
      for (const name of ['ada.lovelace', 'ADA.Lovelace', owner.email]) {
        for (const ref of [server.shortId, server.uuid]) {
          expect(await stage.ask({ username: `${name}.${ref}` })).toEqual(identity)
        }
      }
      const used = async () => (await client.call(listSshKeys)).body.data[0]
      await until(async () => (await used())?.lastUsedAt === panel.clock.now(), 'the time of use is written')
      expect(await used()).toMatchObject({ lastUsedIp: ADDRESS })
    })

    test('works with an app password, and not with one that was never made', async () => {
      await using stage = await openSshStage({ dialect })
      const made = await stage.addPassword(stage.owner)
      const answer = await stage.ask({ credential: password(made.password) })
      expect(answer).toMatchObject({ user: stage.owner.uuid, credentialId: made.id })
      expect(await stage.ask({ credential: password(`${made.password}x`) })).toBeNull()
      expect(await stage.ask({ credential: password(`hap_${'a'.repeat(32)}`) })).toBeNull()
    })

    test('is bound as its credential is: to servers, addresses and a time', async () => {
      await using stage = await openSshStage({ dialect })
      const { owner, panel, node } = stage
      const second = await node.createServer({ owner: owner.uuid })
      const bounds = { servers: [second.id], allowedIps: ['192.0.2.0/28'], expiresAt: panel.clock.now() + 1000 }
      const { password: secret } = await stage.addPassword(owner, bounds)
      const credential = password(secret)
      const username = `${owner.username}.${second.id}`
      expect(await stage.ask({ credential, username })).toMatchObject({ server: second.id })
      expect(await stage.ask({ credential })).toBeNull()
      expect(await stage.ask({ credential, username, address: '192.0.2.77' })).toBeNull()
      expect(await stage.ask({ credential, username, address: '::ffff:192.0.2.7' })).not.toBeNull()
      expect(await stage.ask({ credential, username, address: 'nowhere' })).toBeNull()
      panel.clock.advance(1000)
      expect(await stage.ask({ credential, username })).toBeNull()
    })
  })
}

describe('who gets in', () => {
  test('a subuser with what was granted: files only together with SFTP, and controls', async () => {
    await using stage = await openSshStage()
    const { panel, server } = stage
    const friend = await panel.createUser()
    await stage.addKey(friend)
    const username = `${friend.username}.${server.shortId}`
    expect(await stage.ask({ username })).toBeNull()
    const grants = [
      [['file.read', 'file.update', 'backup.read'], null],
      [
        ['file.sftp', 'file.read', 'backup.read'],
        ['file.sftp', 'file.read'],
      ],
      [['control.console', 'file.read'], ['control.console']],
      [
        ['file.sftp', 'control.start'],
        ['file.sftp', 'control.start'],
      ],
    ] as const
    for (const [granted, expected] of grants) {
      await panel.ctx.store.transaction(async (trx) => {
        await trx.deleteFrom('server_access').where('user_id', '=', friend.id).execute()
        await trx.deleteFrom('subusers').where('user_id', '=', friend.id).execute()
      })
      await panel.grant(friend, server, granted)
      const answer = await stage.ask({ username })
      expect(answer && answer.permissions.toSorted()).toEqual(expected && [...expected].toSorted())
    }
  })

  test('an administrator, to every server of the node', async () => {
    await using stage = await openSshStage()
    const admin = await stage.panel.createAdmin()
    await stage.addKey(admin)
    const answer = await stage.ask({ username: `${admin.username}.${stage.server.shortId}` })
    expect(answer?.permissions).toEqual(FILE_AND_CONTROL)
  })

  test('nobody who is frozen or suspended, and nobody but administrators to a suspended server', async () => {
    await using stage = await openSshStage()
    const { owner, admin, server } = stage
    await stage.addKey(owner)
    const params = { user: owner.uuid }
    for (const state of ['frozen', 'suspended'] as const) {
      await admin.call(updateUser, { params, body: { state } })
      expect(await stage.ask()).toBeNull()
    }
    await admin.call(updateUser, { params, body: { state: 'active' } })
    expect(await stage.ask()).not.toBeNull()
    await admin.call(placeHold, { params: { server: server.uuid, kind: 'billing' }, body: {} })
    expect(await stage.ask()).toBeNull()
    const other = await stage.panel.createAdmin()
    await stage.addKey(other)
    expect(await stage.ask({ username: `${other.username}.${server.shortId}` })).not.toBeNull()
  })

  test.each(['ada.lovelace', '.6f0c1c9a', 'ada.lovelace.6F0C', 'nobody.00000000', 'ada.lovelace.', '…'])(
    '%j names nobody here',
    async (username) => {
      await using stage = await openSshStage()
      await stage.addKey(stage.owner)
      expect(await stage.ask({ username })).toBeNull()
    },
  )

  test('a key of somebody else, or one whose bytes differ, is none', async () => {
    await using stage = await openSshStage()
    const friend = await stage.panel.createUser()
    await stage.addKey(friend)
    expect(await stage.ask()).toBeNull()
    await stage.addKey(stage.owner)
    const other = Buffer.from(stage.key.wire, 'base64')
    other[other.length - 1]! ^= 1
    expect(await stage.ask({ credential: { ...stage.proof, key: other.toString('base64') } })).toBeNull()
  })

  test('asking whether a key would do is no use of it', async () => {
    await using stage = await openSshStage()
    const { client } = await stage.addKey(stage.owner)
    expect(await stage.ask({ credential: { ...stage.proof, isSigned: false } })).not.toBeNull()
    // A later use is written; had the question been one as well, its address would be there first.
    await stage.ask({ address: '192.0.2.8' })
    const used = async () => (await client.call(listSshKeys)).body.data[0]
    await until(async () => (await used())?.lastUsedIp !== null, 'the use is written')
    expect((await used())?.lastUsedIp).toBe('192.0.2.8')
  })
})

describe('account passwords', () => {
  async function openWithPasswords() {
    const stage = await openSshStage()
    const { status, body } = await stage.admin.call(updateSshSettings, { body: { accountPasswords: true } })
    expect([status, body]).toEqual([200, { accountPasswords: true }])
    return stage
  }

  test('are refused unless a host allows them', async () => {
    await using stage = await openSshStage()
    const credential = password(stage.owner.password)
    expect(await stage.ask({ credential })).toBeNull()
    await stage.admin.call(updateSshSettings, { body: { accountPasswords: true } })
    expect(await stage.ask({ credential })).toMatchObject({ user: stage.owner.uuid, credentialId: 'account' })
    await stage.admin.call(updateSshSettings, { body: { accountPasswords: false } })
    expect(await stage.ask({ credential })).toBeNull()
  })

  test('are never taken from administrators and from people with two-factor', async () => {
    await using stage = await openWithPasswords()
    const { panel, owner, server } = stage
    const admin = await panel.createAdmin()
    const credential = password(admin.password)
    expect(await stage.ask({ username: `${admin.username}.${server.shortId}`, credential })).toBeNull()
    await panel.ctx.store.transaction((trx) =>
      trx.updateTable('users').set({ totp_enabled_at: 1 }).where('id', '=', owner.id).execute(),
    )
    expect(await stage.ask({ credential })).toBeNull()
  })

  test('are slowed down for who guesses, and for nobody else: not for keys, and not at the page', async () => {
    await using stage = await openWithPasswords()
    const { owner, panel } = stage
    for (let guess = 0; guess < 10; guess++) {
      expect(await stage.ask({ credential: password(`guess ${guess}`) })).toBeNull()
    }
    const right = password(owner.password)
    await expect(stage.ask({ credential: right })).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      details: { retryAfterSeconds: 1 },
    })
    await stage.addKey(owner)
    const app = await stage.addPassword(owner)
    expect(await stage.ask()).not.toBeNull()
    expect(await stage.ask({ credential: password(app.password) })).not.toBeNull()
    // From elsewhere it takes longer, and works; from where the owner has signed in before it does not even take longer.
    expect(await stage.ask({ credential: right, address: '198.51.100.1' })).not.toBeNull()
    expect(panel.pauses).toEqual([250])
    await panel.ctx.signIns.attempt({ ip: ADDRESS, account: owner.uuid, isKnown: false }, async () => true)
    expect(await stage.ask({ credential: right, address: '127.0.0.1' })).not.toBeNull()
    expect(panel.pauses).toEqual([250])
  })
})
