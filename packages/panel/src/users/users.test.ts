import { createUser, deleteUser, getUser, listUsers, updateUser } from '@hatchery/core/api'
import { getAccount, signIn, type ResponseOf } from '@hatchery/core/api'
import { describe, expect, test } from 'vitest'
import { noServices } from '../testing/no-services.ts'
import { createTestPanel, DIALECTS } from '../testing/test-panel.ts'
import { ensureFirstAdmin } from './first-admin.ts'

const services = noServices
const grace = { email: 'Grace@Example.com', username: 'Grace', password: 'a long enough one', externalId: 'crm-1' }

for (const dialect of DIALECTS) {
  describe(`users on ${dialect}`, () => {
    test('are created, read, changed under their revision, and deleted', async () => {
      await using panel = await createTestPanel({ dialect, services })
      const admin = await panel.signInAs(await panel.createAdmin())
      const created = await admin.call(createUser, { body: grace })
      expect(created.status).toBe(201)
      expect(created.body).toMatchObject({
        email: 'grace@example.com',
        username: 'grace',
        externalId: 'crm-1',
        isAdmin: false,
        serverCount: 0,
        revision: 1,
      })

      const params = { user: created.body.id }
      const changed = await admin.call(updateUser, {
        params,
        body: { firstName: 'Grace', externalId: null },
        headers: { 'if-match': '"1"' },
      })
      expect(changed.body).toMatchObject({ firstName: 'Grace', externalId: null, revision: 2 })
      expect(
        await admin.refusal(updateUser, { params, body: { firstName: 'G' }, headers: { 'if-match': '"1"' } }),
      ).toBe('REVISION_MISMATCH')
      expect((await admin.call(deleteUser, { params })).status).toBe(200)
      expect(await admin.refusal(getUser, { params })).toBe('USER_NOT_FOUND')
    })

    test('have an e-mail, a username and an external id of their own, also when two ask at once', async () => {
      await using panel = await createTestPanel({ dialect, services })
      const admin = await panel.signInAs(await panel.createAdmin())
      const answers = await Promise.all([1, 2, 3].map(() => admin.call(createUser, { body: grace })))
      expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409, 409])
      const other = { ...grace, email: 'other@example.com', username: 'other' }
      expect(await admin.refusal(createUser, { body: { ...other, email: 'GRACE@example.com' } })).toBe('USER_EXISTS')
      expect(await admin.refusal(createUser, { body: other })).toBe('EXTERNAL_ID_EXISTS')
      expect(await admin.refusal(createUser, { body: { ...other, password: 'password' } })).toBe('PASSWORD_TOO_WEAK')
    })

    test('are listed in pages, searched as text, and counted on request', async () => {
      await using panel = await createTestPanel({ dialect, services })
      const admin = await panel.signInAs(await panel.createAdmin())
      for (let index = 0; index < 7; index++)
        await panel.createUser({ username: `player-${index}`, email: `p${index}_x@example.com` })
      const names: string[] = []
      let cursor: string | null = null
      do {
        const page: { body: ResponseOf<typeof listUsers> } = await admin.call(listUsers, {
          query: { limit: 3, search: 'PLAYER-', ...(cursor === null ? {} : { cursor }) },
        })
        names.push(...page.body.data.map((user) => user.username))
        cursor = page.body.nextCursor
      } while (cursor !== null)
      expect(names).toEqual([0, 1, 2, 3, 4, 5, 6].map((index) => `player-${index}`))
      const counted = await admin.call(listUsers, { query: { limit: 1, search: 'player', include: 'total' } })
      expect(counted.body.total).toBe(7)
      expect((await admin.call(listUsers, { query: { search: 'p3_x' } })).body.data).toHaveLength(1)
      expect((await admin.call(listUsers, { query: { search: '%' } })).body.data).toHaveLength(0)
      expect(await admin.refusal(listUsers, { query: { cursor: 'nonsense' } })).toBe('CURSOR_INVALID')
    })

    test('who own servers stay, with the number of them', async () => {
      await using panel = await createTestPanel({ dialect, services })
      const admin = await panel.signInAs(await panel.createAdmin())
      const owner = await panel.createUser()
      await panel.createServer(owner)
      const params = { user: owner.uuid }
      expect((await admin.call(getUser, { params })).body.serverCount).toBe(1)
      expect(await admin.refusal(deleteUser, { params })).toBe('USER_OWNS_SERVERS')
    })

    test('of two administrators who remove each other at once, one stays', async () => {
      await using panel = await createTestPanel({ dialect, services })
      const [one, two] = [await panel.createAdmin(), await panel.createAdmin()]
      const [asOne, asTwo] = [await panel.signInAs(one), await panel.signInAs(two)]
      const answers = await Promise.all([
        asOne.call(updateUser, { params: { user: two.uuid }, body: { isAdmin: false } }),
        asTwo.call(updateUser, { params: { user: one.uuid }, body: { isAdmin: false } }),
      ])
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
      const left = await panel.ctx.db.selectFrom('users').select('id').where('is_admin', '=', 1).execute()
      expect(left).toHaveLength(1)
    })

    test('the last administrator is not removed, frozen or demoted', async () => {
      await using panel = await createTestPanel({ dialect, services })
      const only = await panel.createAdmin()
      const admin = await panel.signInAs(only)
      const params = { user: only.uuid }
      expect(await admin.refusal(deleteUser, { params })).toBe('LAST_ADMINISTRATOR')
      expect(await admin.refusal(updateUser, { params, body: { isAdmin: false } })).toBe('LAST_ADMINISTRATOR')
      expect(await admin.refusal(updateUser, { params, body: { state: 'frozen' } })).toBe('LAST_ADMINISTRATOR')
    })

    test('who are frozen are out everywhere at once and cannot sign in', async () => {
      await using panel = await createTestPanel({ dialect, services })
      const admin = await panel.signInAs(await panel.createAdmin())
      const user = await panel.createUser()
      const client = await panel.signInAs(user)
      expect((await client.call(getAccount)).status).toBe(200)
      const answer = await admin.call(updateUser, { params: { user: user.uuid }, body: { state: 'frozen' } })
      expect(answer.body.state).toBe('frozen')
      expect(await client.refusal(getAccount)).toBe('NOT_SIGNED_IN')
      const body = { login: user.email, password: user.password }
      expect(await panel.anonymous.refusal(signIn, { body })).toBe('CREDENTIALS_INVALID')
      await admin.call(updateUser, { params: { user: user.uuid }, body: { state: 'active' } })
      expect((await panel.anonymous.call(signIn, { body })).status).toBe(200)
      expect(await client.refusal(getAccount)).toBe('NOT_SIGNED_IN')
    })

    test('a demoted administrator has no administration left from the next request on', async () => {
      await using panel = await createTestPanel({ dialect, services })
      const [one, two] = [await panel.createAdmin(), await panel.createAdmin()]
      const [asOne, asTwo] = [await panel.signInAs(one), await panel.signInAs(two)]
      expect((await asTwo.call(listUsers)).status).toBe(200)
      await asOne.call(updateUser, { params: { user: two.uuid }, body: { isAdmin: false } })
      expect(await asTwo.refusal(listUsers)).toBe('PERMISSION_DENIED')
    })
  })

  test(`the first administrator on ${dialect} is made once, with a password shown once`, async () => {
    await using panel = await createTestPanel({ dialect, services })
    const first = await ensureFirstAdmin(panel.ctx, { email: 'root@example.com' })
    expect(first).toEqual({
      uuid: expect.any(String),
      email: 'root@example.com',
      password: expect.stringMatching(/^[A-Za-z0-9]{20}$/),
    })
    const account = await panel.anonymous.call(signIn, { body: { login: 'admin', password: first.password! } })
    expect(account.body).toMatchObject({ id: first.uuid, isAdmin: true, mustChangePassword: true })
    expect(await ensureFirstAdmin(panel.ctx, { email: 'other@example.com' })).toEqual({
      uuid: first.uuid,
      email: 'root@example.com',
      password: null,
    })
  })
}
