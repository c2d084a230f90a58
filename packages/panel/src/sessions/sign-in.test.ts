import { getAccount, signIn, signOut } from '@hatchery/core/api'
import { describe, expect, test } from 'vitest'
import { noServices } from '../testing/no-services.ts'
import { createTestPanel, DIALECTS } from '../testing/test-panel.ts'

const services = noServices

for (const dialect of DIALECTS) {
  describe(`signing in on ${dialect}`, () => {
    test('starts a session with the right password, by e-mail or username in any case', async () => {
      await using panel = await createTestPanel({ dialect, services })
      const user = await panel.createUser({ username: 'ada', email: 'ada@example.com' })

      for (const login of ['ada@example.com', 'ADA@example.com', 'Ada']) {
        const answer = await panel.anonymous.call(signIn, { body: { login, password: user.password } })
        expect(answer.status).toBe(200)
        expect(answer.body.id).toBe(user.uuid)
        const [cookie = ''] = answer.headers['set-cookie'] as string[]
        expect(cookie).toMatch(/^hatchery=[\w-]{43}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Lax$/)
        const account = await panel.anonymous.call(getAccount, { headers: { cookie: cookie.split(';')[0]! } })
        expect(account.body.email).toBe('ada@example.com')
      }
    })

    test('answers a wrong password and an unknown account alike', async () => {
      await using panel = await createTestPanel({ dialect, services })
      const user = await panel.createUser()
      const wrong = await panel.anonymous.call(signIn, { body: { login: user.email, password: 'wrong' } })
      const unknown = await panel.anonymous.call(signIn, { body: { login: 'nobody@example.com', password: 'wrong' } })
      expect(wrong.status).toBe(401)
      expect({ ...wrong.body, requestId: null }).toMatchObject({ error: { code: 'CREDENTIALS_INVALID' } })
      expect(unknown.status).toBe(401)
    })

    test('ends the session at sign-out', async () => {
      await using panel = await createTestPanel({ dialect, services })
      const client = await panel.signInAs(await panel.createUser())
      expect((await client.call(getAccount)).status).toBe(200)
      expect((await client.call(signOut)).status).toBe(200)
      expect(await client.refusal(getAccount)).toBe('NOT_SIGNED_IN')
    })

    test('keeps only the hash of a session token', async () => {
      await using panel = await createTestPanel({ dialect, services })
      const client = await panel.signInAs(await panel.createUser())
      const token = client.headers['cookie']!.split('=')[1]!
      const rows = await panel.ctx.db.selectFrom('sessions').selectAll().execute()
      expect(JSON.stringify(rows)).not.toContain(token)
      expect(rows[0]?.token_hash).toMatch(/^[0-9a-f]{64}$/)
    })

    test('accepts the bcrypt hash of an imported user once and replaces it by argon2id', async () => {
      await using panel = await createTestPanel({ dialect, services })
      const user = await panel.createUser()
      // `secret-of-old`, cost 4, as PHP writes it.
      const { hash } = await import('bcryptjs')
      const imported = (await hash('secret-of-old', 4)).replace(/^\$2b\$/, '$2y$')
      await panel.ctx.store.transaction((trx) =>
        trx.updateTable('users').set({ password_hash: imported }).where('id', '=', user.id).execute(),
      )
      const first = await panel.anonymous.call(signIn, { body: { login: user.email, password: 'secret-of-old' } })
      expect(first.status).toBe(200)
      const row = await panel.ctx.db.selectFrom('users').select('password_hash').executeTakeFirstOrThrow()
      expect(row.password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
      const second = await panel.anonymous.call(signIn, { body: { login: user.email, password: 'secret-of-old' } })
      expect(second.status).toBe(200)
    })
  })
}

describe('somebody who guesses', () => {
  const guess = (login: string, index: number) => ({ login, password: `guess-${index}` })

  test('has to wait after ten wrong passwords from one address, and longer each time', async () => {
    await using panel = await createTestPanel({ services })
    const user = await panel.createUser()
    for (let index = 0; index < 10; index++) {
      expect(await panel.anonymous.refusal(signIn, { body: guess(user.email, index) })).toBe('CREDENTIALS_INVALID')
    }
    const answer = await panel.anonymous.call(signIn, { body: guess(user.email, 10) })
    expect(answer.status).toBe(429)
    expect(answer.headers['retry-after']).toBe('1')
    panel.clock.advance(1001)
    expect(await panel.anonymous.refusal(signIn, { body: guess(user.email, 11) })).toBe('CREDENTIALS_INVALID')
    expect((await panel.anonymous.call(signIn, { body: guess(user.email, 12) })).headers['retry-after']).toBe('2')
  })

  test('cannot keep the owner out, who comes from a known address or with a known browser', async () => {
    await using panel = await createTestPanel({ services, trustedProxies: ['127.0.0.1'] })
    const user = await panel.createUser()
    const from = (ip: string, cookie = '') => ({ 'x-forwarded-for': ip, ...(cookie === '' ? {} : { cookie }) })
    const right = { login: user.email, password: user.password }
    const first = await panel.anonymous.call(signIn, { body: right, headers: from('203.0.113.7') })
    const device = (first.headers['set-cookie'] as string[])[1]!.split(';')[0]!

    for (let index = 0; index < 40; index++) {
      await panel.anonymous.call(signIn, { body: guess(user.email, index), headers: from('198.51.100.1') })
      await panel.anonymous.call(signIn, { body: guess(user.email, index), headers: from(`198.51.101.${index}`) })
    }
    const blocked = await panel.anonymous.call(signIn, { body: right, headers: from('198.51.100.1') })
    expect(blocked.status).toBe(429)
    const before = panel.pauses.length
    const known = await panel.anonymous.call(signIn, { body: right, headers: from('203.0.113.7') })
    expect(known.status).toBe(200)
    const browser = await panel.anonymous.call(signIn, { body: right, headers: from('198.51.100.1', device) })
    expect(browser.status).toBe(200)
    expect(panel.pauses.length).toBe(before)
  })

  test('from many addresses only makes the account answer later, never not at all', async () => {
    await using panel = await createTestPanel({ services, trustedProxies: ['127.0.0.1'] })
    const user = await panel.createUser()
    for (let index = 0; index < 30; index++) {
      const headers = { 'x-forwarded-for': `198.51.100.${index}` }
      await panel.anonymous.call(signIn, { body: guess(user.email, index), headers })
    }
    const body = { login: user.email, password: user.password }
    const answer = await panel.anonymous.call(signIn, { body, headers: { 'x-forwarded-for': '192.0.2.9' } })
    expect(answer.status).toBe(200)
    expect(panel.pauses.at(-1)).toBe(4000)
  })
})

describe('over TLS', () => {
  test('the cookie is bound to the host, and the plain one is not believed', async () => {
    await using panel = await createTestPanel({ services, trustedProxies: ['127.0.0.1'] })
    const user = await panel.createUser()
    const headers = { 'x-forwarded-proto': 'https' }
    const answer = await panel.anonymous.call(signIn, { body: { login: user.email, password: user.password }, headers })
    const [cookie = ''] = answer.headers['set-cookie'] as string[]
    expect(cookie).toMatch(/^__Host-hatchery=[\w-]{43}; Path=\/; .*; HttpOnly; SameSite=Lax; Secure$/)

    const plain = cookie.split(';')[0]!.replace('__Host-', '')
    expect(await panel.anonymous.refusal(getAccount, { headers: { ...headers, cookie: plain } })).toBe('NOT_SIGNED_IN')
  })
})
