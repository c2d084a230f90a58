import {
  createApiKey,
  deleteApiKey,
  getAccount,
  listApiKeys,
  listSessions,
  listUsers,
  updateUser,
} from '@hatchery/core/api'
import { describe, expect, test } from 'vitest'
import { noServices } from '../testing/no-services.ts'
import { createTestPanel, DIALECTS } from '../testing/test-panel.ts'
import { API_KEY_LIMIT } from './api-keys.ts'

const services = noServices
const bearer = (secret: string, ip = '127.0.0.1') => ({
  headers: { authorization: `Bearer ${secret}`, 'x-forwarded-for': ip },
})

for (const dialect of DIALECTS) {
  describe(`API keys on ${dialect}`, () => {
    test('are shown once, kept as a hash, and work until they are deleted', async () => {
      await using panel = await createTestPanel({ dialect, services })
      const user = await panel.createUser()
      const client = await panel.signInAs(user)
      const { status, body } = await client.call(createApiKey, { body: { name: 'bot' } })
      expect(status).toBe(201)
      expect(body.secret).toMatch(/^hk_[A-Za-z0-9]{16}_[\w-]{43}$/)
      expect(body.secret.startsWith(`${body.key.identifier}_`)).toBe(true)
      const rows = JSON.stringify(await panel.ctx.db.selectFrom('api_keys').selectAll().execute())
      expect(rows).not.toContain(body.secret.split('_')[2])

      expect((await panel.anonymous.call(getAccount, bearer(body.secret))).body.id).toBe(user.uuid)
      expect(await panel.anonymous.refusal(getAccount, bearer(`${body.secret}x`))).toBe('NOT_SIGNED_IN')
      await client.call(deleteApiKey, { params: { key: body.key.id } })
      expect(await panel.anonymous.refusal(getAccount, bearer(body.secret))).toBe('NOT_SIGNED_IN')
      expect((await client.call(listApiKeys)).body.data).toEqual([])
      expect(await client.refusal(deleteApiKey, { params: { key: body.key.id } })).toBe('API_KEY_NOT_FOUND')
    })

    test('do what they were given and no more, and make no key that does', async () => {
      await using panel = await createTestPanel({ dialect, services })
      const client = await panel.signInAs(await panel.createAdmin())
      const permissions = ['account.read', 'api-keys.create', 'admin:users.read']
      const { secret } = (await client.call(createApiKey, { body: { name: 'bot', permissions } })).body
      expect((await panel.anonymous.call(listUsers, bearer(secret))).status).toBe(200)
      expect(await panel.anonymous.refusal(listSessions, bearer(secret))).toBe('PERMISSION_DENIED')
      const make = (wanted?: string[]) => ({
        body: { name: 'x', ...(wanted ? { permissions: wanted } : {}) },
        ...bearer(secret),
      })
      expect(await panel.anonymous.refusal(createApiKey, make())).toBe('GRANT_EXCEEDS_OWN')
      expect(await panel.anonymous.refusal(createApiKey, make(['sessions.read']))).toBe('GRANT_EXCEEDS_OWN')
      expect((await panel.anonymous.call(createApiKey, make(['account.read']))).status).toBe(201)
    })

    test('of people hold no administration, and none that does not exist', async () => {
      await using panel = await createTestPanel({ dialect, services })
      const client = await panel.signInAs(await panel.createUser())
      const make = (permissions: string[]) => client.refusal(createApiKey, { body: { name: 'x', permissions } })
      expect(await make(['admin:users.read'])).toBe('GRANT_EXCEEDS_OWN')
      expect(await make(['made.up'])).toBe('VALIDATION_FAILED')
      expect(await make(['users.read'])).toBe('VALIDATION_FAILED')
      expect(await make(['admin:*'])).toBe('GRANT_EXCEEDS_OWN')
    })

    test('are no session cookies, and session cookies are no keys, also when they were used a moment ago', async () => {
      await using panel = await createTestPanel({ dialect, services })
      const client = await panel.signInAs(await panel.createUser())
      const { secret } = (await client.call(createApiKey, { body: { name: 'bot' } })).body
      expect((await panel.anonymous.call(getAccount, bearer(secret))).status).toBe(200)
      const asCookie = { headers: { cookie: `hatchery=${secret}` } }
      expect(await panel.anonymous.refusal(getAccount, asCookie)).toBe('NOT_SIGNED_IN')
      const session = client.headers['cookie']!.replace('hatchery=', '')
      expect((await client.call(getAccount)).status).toBe(200)
      expect(await panel.anonymous.refusal(getAccount, bearer(session))).toBe('NOT_SIGNED_IN')
    })

    test('are bound to addresses and to a time', async () => {
      await using panel = await createTestPanel({ dialect, services, trustedProxies: ['127.0.0.1'] })
      const client = await panel.signInAs(await panel.createUser())
      const body = { name: 'x', allowedIps: ['192.0.2.0/24', '2001:db8::1'], expiresAt: panel.clock.now() + 1000 }
      const { secret } = (await client.call(createApiKey, { body })).body
      expect((await panel.anonymous.call(getAccount, bearer(secret, '192.0.2.77'))).status).toBe(200)
      expect((await panel.anonymous.call(getAccount, bearer(secret, '2001:db8::1'))).status).toBe(200)
      expect(await panel.anonymous.refusal(getAccount, bearer(secret, '192.0.3.1'))).toBe('NOT_SIGNED_IN')
      panel.clock.advance(1000)
      expect(await panel.anonymous.refusal(getAccount, bearer(secret, '192.0.2.77'))).toBe('NOT_SIGNED_IN')
      expect(await client.refusal(createApiKey, { body: { name: 'x', allowedIps: ['everywhere'] } })).toBe(
        'VALIDATION_FAILED',
      )
      expect(await client.refusal(createApiKey, { body: { name: 'x', expiresAt: 1 } })).toBe('VALIDATION_FAILED')
    })

    test('end with their owner', async () => {
      await using panel = await createTestPanel({ dialect, services })
      const admin = await panel.signInAs(await panel.createAdmin())
      const user = await panel.createUser()
      const client = await panel.signInAs(user)
      const { secret } = (await client.call(createApiKey, { body: { name: 'x' } })).body
      expect((await panel.anonymous.call(getAccount, bearer(secret))).status).toBe(200)
      await admin.call(updateUser, { params: { user: user.uuid }, body: { state: 'suspended' } })
      expect(await panel.anonymous.refusal(getAccount, bearer(secret))).toBe('NOT_SIGNED_IN')
    })

    test('stay within their number when forty are asked for at once', { timeout: 30_000 }, async () => {
      await using panel = await createTestPanel({ dialect, services })
      const client = await panel.signInAs(await panel.createUser())
      const answers = await Promise.all(
        Array.from({ length: 40 }, (_, index) => client.call(createApiKey, { body: { name: `k${index}` } })),
      )
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(API_KEY_LIMIT)
      expect(answers.filter(({ status }) => status === 409)).toHaveLength(40 - API_KEY_LIMIT)
    })
  })
}
