import { createApiKey, createAppPassword, deleteAppPassword, getAccount, listAppPasswords } from '@hatchery/core/api'
import { describe, expect, test } from 'vitest'
import { noServices } from '../testing/no-services.ts'
import { createTestPanel, DIALECTS } from '../testing/test-panel.ts'
import { APP_PASSWORD_LIMIT } from './app-passwords.ts'
import { newAppPassword } from './secret.ts'

const services = noServices

test('an app password has 160 bits in letters that nobody confuses', () => {
  const made = new Set(Array.from({ length: 500 }, newAppPassword))
  expect(made.size).toBe(500)
  for (const password of made) expect(password).toMatch(/^hap_[a-z2-7]{32}$/)
  const letters = new Set([...made].flatMap((password) => [...password.slice(4)]))
  expect(letters.size).toBe(32)
})

for (const dialect of DIALECTS) {
  describe(`app passwords on ${dialect}`, () => {
    test('are shown once, kept as a hash, and deleted', async () => {
      await using panel = await createTestPanel({ dialect, services })
      const client = await panel.signInAs(await panel.createUser())
      const { status, body } = await client.call(createAppPassword, { body: { name: 'FileZilla' } })
      expect(status).toBe(201)
      const rows = await panel.ctx.db.selectFrom('app_passwords').selectAll().execute()
      expect(JSON.stringify(rows)).not.toContain(body.password)
      const list = await client.call(listAppPasswords)
      expect(list.body.data).toEqual([body.appPassword])
      expect(JSON.stringify(list.body)).not.toContain(body.password)

      const other = await panel.signInAs(await panel.createUser())
      const params = { password: body.appPassword.id }
      expect(await other.refusal(deleteAppPassword, { params })).toBe('APP_PASSWORD_NOT_FOUND')
      expect((await client.call(deleteAppPassword, { params })).status).toBe(200)
      expect(await client.refusal(deleteAppPassword, { params })).toBe('APP_PASSWORD_NOT_FOUND')
    })

    test('stay within their number when many are made at once', { timeout: 30_000 }, async () => {
      await using panel = await createTestPanel({ dialect, services })
      const client = await panel.signInAs(await panel.createUser())
      const answers = await Promise.all(
        Array.from({ length: APP_PASSWORD_LIMIT + 5 }, (_, index) =>
          client.call(createAppPassword, { body: { name: `app ${index}` } }),
        ),
      )
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(APP_PASSWORD_LIMIT)
      expect(answers.filter(({ status }) => status === 409)).toHaveLength(5)
    })
  })
}

test('an app password opens no door of the API, and no limited API key makes one', async () => {
  await using panel = await createTestPanel({ services })
  const client = await panel.signInAs(await panel.createUser())
  const { body } = await client.call(createAppPassword, { body: { name: 'x' } })
  const asBearer = panel.withHeaders({ authorization: `Bearer ${body.password}` })
  expect(await asBearer.refusal(getAccount)).toBe('NOT_SIGNED_IN')
  const key = await client.call(createApiKey, { body: { name: 'bot', permissions: ['app-passwords.create'] } })
  const limited = panel.withHeaders({ authorization: `Bearer ${key.body.secret}` })
  expect(await limited.refusal(createAppPassword, { body: { name: 'x' } })).toBe('GRANT_EXCEEDS_OWN')
})
