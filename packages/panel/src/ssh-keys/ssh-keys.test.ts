import {
  addSshKey,
  createApiKey,
  deleteSshKey,
  importSshKeys,
  listActivity,
  listSshKeys,
  updateSshKey,
} from '@hatchery/core/api'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { noServices } from '../testing/no-services.ts'
import { createTestPanel, DIALECTS, type TestPanel } from '../testing/test-panel.ts'
import { makeKey, type MadeKey } from './keygen.test-data.ts'
import { SSH_KEY_LIMIT } from './ssh-keys.ts'

const services = noServices
let keys: readonly MadeKey[]
beforeAll(async () => {
  keys = await Promise.all(Array.from({ length: SSH_KEY_LIMIT + 5 }, () => makeKey('ed25519')))
})
const textOf = (index: number): string => keys[index]!.publicKey

for (const dialect of DIALECTS) {
  describe(`SSH keys on ${dialect}`, () => {
    test('are added, listed, renamed and deleted', async () => {
      await using panel = await createTestPanel({ dialect, services })
      const client = await panel.signInAs(await panel.createUser())
      const added = await client.call(addSshKey, { body: { publicKey: textOf(0) } })
      expect(added.status).toBe(201)
      expect(added.body).toMatchObject({
        name: 'ada@laptop',
        algorithm: 'ssh-ed25519',
        fingerprint: keys[0]!.fingerprint,
        publicKey: `ssh-ed25519 ${keys[0]!.wire}`,
        servers: null,
        allowedIps: null,
        expiresAt: null,
        lastUsedAt: null,
      })
      const params = { key: added.body.id }
      expect((await client.call(updateSshKey, { params, body: { name: 'Laptop' } })).body.name).toBe('Laptop')
      expect((await client.call(updateSshKey, { params, body: { name: 'Laptop' } })).status).toBe(200)
      expect((await client.call(listSshKeys)).body.data.map(({ name }) => name)).toEqual(['Laptop'])
      expect((await client.call(deleteSshKey, { params })).status).toBe(200)
      expect((await client.call(listSshKeys)).body.data).toEqual([])
      expect(await client.refusal(deleteSshKey, { params })).toBe('SSH_KEY_NOT_FOUND')
      expect(await client.refusal(updateSshKey, { params, body: { name: 'x' } })).toBe('SSH_KEY_NOT_FOUND')
    })

    test('are there once for each person, and each person has their own', async () => {
      await using panel = await createTestPanel({ dialect, services })
      const client = await panel.signInAs(await panel.createUser())
      const other = await panel.signInAs(await panel.createUser())
      const { body } = await client.call(addSshKey, { body: { name: 'mine', publicKey: textOf(0) } })
      const again = { body: { name: 'again', publicKey: `${keys[0]!.rfc4716}` } }
      expect(await client.refusal(addSshKey, again)).toBe('SSH_KEY_EXISTS')
      expect((await other.call(addSshKey, again)).status).toBe(201)
      const params = { key: body.id }
      expect(await other.refusal(deleteSshKey, { params })).toBe('SSH_KEY_NOT_FOUND')
      expect(await other.refusal(updateSshKey, { params, body: { name: 'x' } })).toBe('SSH_KEY_NOT_FOUND')
      expect((await client.call(listSshKeys)).body.data).toHaveLength(1)
    })

    test('stay within their number when many are added at once', { timeout: 30_000 }, async () => {
      await using panel = await createTestPanel({ dialect, services })
      const client = await panel.signInAs(await panel.createUser())
      const answers = await Promise.all(keys.map(({ publicKey }) => client.call(addSshKey, { body: { publicKey } })))
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(SSH_KEY_LIMIT)
      const first = await client.call(listSshKeys, { query: { limit: 40 } })
      const rest = await client.call(listSshKeys, { query: { cursor: first.body.nextCursor! } })
      expect(first.body.data.length + rest.body.data.length).toBe(SSH_KEY_LIMIT)
    })
  })
}

describe('a key', () => {
  test('is bound to servers of its owner, to addresses and to a time that is to come', async () => {
    await using panel = await createTestPanel({ services })
    const owner = await panel.createUser()
    const server = await panel.createServer(owner)
    const foreign = await panel.createServer(await panel.createUser())
    const client = await panel.signInAs(owner)
    const add = (bounds: object) => client.refusal(addSshKey, { body: { publicKey: textOf(0), ...bounds } })
    expect(await add({ servers: [foreign.uuid] })).toBe('SERVER_NOT_FOUND')
    expect(await add({ servers: [] })).toBe('VALIDATION_FAILED')
    expect(await add({ allowedIps: ['everywhere'] })).toBe('VALIDATION_FAILED')
    expect(await add({ expiresAt: panel.clock.now() })).toBe('VALIDATION_FAILED')
    const bounds = { servers: [server.uuid], allowedIps: ['192.0.2.0/24'], expiresAt: panel.clock.now() + 1 }
    const added = await client.call(addSshKey, { body: { publicKey: textOf(0), ...bounds } })
    expect(added.body).toMatchObject(bounds)
  })

  test('is not added by an API key that may not do what it opens', async () => {
    await using panel = await createTestPanel({ services })
    const client = await panel.signInAs(await panel.createUser())
    const bearerOf = async (permissions: string[]) => {
      const { body } = await client.call(createApiKey, { body: { name: 'bot', permissions } })
      return panel.withHeaders({ authorization: `Bearer ${body.secret}` })
    }
    const limited = await bearerOf(['ssh-keys.create', 'file.read'])
    expect(await limited.refusal(addSshKey, { body: { publicKey: textOf(0) } })).toBe('GRANT_EXCEEDS_OWN')
    expect(await limited.refusal(importSshKeys, { body: { from: 'github', username: 'ada' } })).toBe(
      'GRANT_EXCEEDS_OWN',
    )
    const full = await bearerOf([])
    expect((await full.call(addSshKey, { body: { publicKey: textOf(0) } })).status).toBe(201)
  })

  test('says why it is not taken', async () => {
    await using panel = await createTestPanel({ services })
    const client = await panel.signInAs(await panel.createUser())
    const { status, body } = await client.call(addSshKey, { body: { publicKey: keys[0]!.privateKey } })
    expect([status, body]).toMatchObject([422, { error: { code: 'SSH_KEY_INVALID' } }])
    expect(JSON.stringify(body)).not.toContain('BEGIN')
  })
})

describe('importing', () => {
  /** The places have fixed names on a fixed port, so that the answer is put in where the request would leave. */
  function answering(panel: TestPanel, status: number, text: string) {
    return vi
      .spyOn(panel.ctx.outbound, 'request')
      .mockImplementation(async (url) => ({ status, headers: {}, body: Buffer.from(text), url: new URL(url) }))
  }

  test('adds what is published, and names what cannot be taken', async () => {
    await using panel = await createTestPanel({ services })
    const admin = await panel.signInAs(await panel.createAdmin())
    await admin.call(addSshKey, { body: { name: 'old', publicKey: textOf(0) } })
    const bare = (index: number) => `ssh-ed25519 ${keys[index]!.wire}`
    const asked = answering(panel, 200, `${bare(0)}\n${bare(1)}\nssh-dss AAAAB3NzaC1kc3M=\n${bare(1)}\n\n`)
    const { status, body } = await admin.call(importSshKeys, { body: { from: 'github', username: 'ada' } })
    expect(status).toBe(200)
    expect(body.added.map(({ name, fingerprint }) => [name, fingerprint])).toEqual([
      ['ada@github.com', keys[1]!.fingerprint],
    ])
    expect(body.known).toBe(2)
    expect(body.refused).toMatchObject([{ algorithm: 'ssh-dss' }])
    expect(asked.mock.calls[0]?.[0]).toBe('https://github.com/ada.keys')
    const types = (await admin.call(listActivity)).body.data.map(({ type }) => type)
    expect(types.filter((type) => type === 'ssh-key:created')).toHaveLength(2)
  })

  test.each([
    [404, 'Not Found', 'SSH_KEYS_NOT_PUBLISHED'],
    [200, '\n', 'SSH_KEYS_NOT_PUBLISHED'],
    [429, 'slow down', 'OUTBOUND_FAILED'],
  ])('a place that answers %d with %j adds nothing', async (status, text, code) => {
    await using panel = await createTestPanel({ services })
    const client = await panel.signInAs(await panel.createUser())
    answering(panel, status, text)
    expect(await client.refusal(importSshKeys, { body: { from: 'gitlab', username: 'ada' } })).toBe(code)
  })

  test.each(['../ada', 'ada/keys', 'a b', '', 'ada?x', '.ada'])('%j is no user name there', async (username) => {
    await using panel = await createTestPanel({ services })
    const client = await panel.signInAs(await panel.createUser())
    const asked = answering(panel, 200, '')
    expect(await client.refusal(importSshKeys, { body: { from: 'github', username } })).toBe('VALIDATION_FAILED')
    expect(asked).not.toHaveBeenCalled()
  })
})
