import {
  changeEmail,
  changePassword,
  deleteSession,
  getAccount,
  listSessions,
  signIn,
  updateAccount,
} from '@hatchery/core/api'
import { expect, describe, test } from 'vitest'
import { noServices } from '../testing/no-services.ts'
import { createTestPanel, DIALECTS } from '../testing/test-panel.ts'

for (const dialect of DIALECTS) {
  describe(`the own account on ${dialect}`, () => {
    test('is changed under its revision', async () => {
      await using panel = await createTestPanel({ dialect, services: noServices })
      const client = await panel.signInAs(await panel.createUser())
      const changed = await client.call(updateAccount, {
        body: { firstName: 'Ada', language: 'de' },
        headers: { 'if-match': '1' },
      })
      expect(changed.body).toMatchObject({ firstName: 'Ada', language: 'de', revision: 2 })
      expect(await client.refusal(updateAccount, { body: {}, headers: { 'if-match': '1' } })).toBe('REVISION_MISMATCH')
    })

    test('with a new password keeps the session that asked and ends every other', async () => {
      await using panel = await createTestPanel({ dialect, services: noServices })
      const user = await panel.createUser()
      const [here, there] = [await panel.signInAs(user), await panel.signInAs(user)]
      expect((await there.call(getAccount)).status).toBe(200)
      const body = { current: user.password, password: 'another good one' }
      expect(await here.refusal(changePassword, { body: { ...body, current: 'wrong' } })).toBe('PASSWORD_WRONG')
      expect(await here.refusal(changePassword, { body: { ...body, password: '12345678' } })).toBe('PASSWORD_TOO_WEAK')
      expect((await there.call(getAccount)).status).toBe(200)
      expect((await here.call(changePassword, { body })).status).toBe(200)
      expect((await here.call(getAccount)).status).toBe(200)
      expect(await there.refusal(getAccount)).toBe('NOT_SIGNED_IN')
      expect(
        (await panel.anonymous.call(signIn, { body: { login: user.email, password: body.password } })).status,
      ).toBe(200)
      expect(await panel.anonymous.refusal(signIn, { body: { login: user.email, password: user.password } })).toBe(
        'CREDENTIALS_INVALID',
      )
    })

    test('gets an e-mail address that nobody else has', async () => {
      await using panel = await createTestPanel({ dialect, services: noServices })
      const [user, other] = [await panel.createUser(), await panel.createUser()]
      const client = await panel.signInAs(user)
      const change = (email: string) => ({ body: { current: user.password, email } })
      expect(await client.refusal(changeEmail, change(other.email.toUpperCase()))).toBe('USER_EXISTS')
      expect((await client.call(changeEmail, change('New@Example.com'))).body.email).toBe('new@example.com')
    })

    test('shows where it is signed in, and ends a session there', async () => {
      await using panel = await createTestPanel({ dialect, services: noServices })
      const user = await panel.createUser()
      const [here, there] = [await panel.signInAs(user), await panel.signInAs(user)]
      const stranger = await panel.signInAs(await panel.createUser())
      const { data } = (await here.call(listSessions)).body
      expect(data.map(({ current }) => current)).toEqual([false, true])
      const params = { session: data[0]!.id }
      expect(await stranger.refusal(deleteSession, { params })).toBe('SESSION_NOT_FOUND')
      expect((await here.call(deleteSession, { params })).status).toBe(200)
      expect(await there.refusal(getAccount)).toBe('NOT_SIGNED_IN')
      expect((await here.call(listSessions)).body.data).toHaveLength(1)
    })

    test('is signed out when the session is too old', async () => {
      await using panel = await createTestPanel({ dialect, services: noServices, sessionLifetimeMs: 60_000 })
      const client = await panel.signInAs(await panel.createUser())
      expect((await client.call(getAccount)).status).toBe(200)
      panel.clock.advance(60_000)
      expect(await client.refusal(getAccount)).toBe('NOT_SIGNED_IN')
    })
  })
}
