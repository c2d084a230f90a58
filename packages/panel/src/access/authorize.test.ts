import { contract, getAccount, listUsers, type PermissionSpec } from '@hatchery/core/api'
import { Type } from 'typebox'
import { describe, expect, test } from 'vitest'
import { implement, type Routes } from '../http/implement.ts'
import { noServices } from '../testing/no-services.ts'
import { createTestPanel, DIALECTS } from '../testing/test-panel.ts'

const door = <const P extends PermissionSpec>(path: `/${string}`, permission: P) =>
  contract({
    method: 'POST',
    path,
    tag: 'Test',
    summary: 'Test',
    class: 'converge',
    permission,
    params: Type.Object({ server: Type.String() }),
    body: Type.Object({ action: Type.Optional(Type.String()) }),
    response: { 200: Type.Object({ id: Type.Integer(), permissions: Type.Array(Type.String()) }) },
  })
const consoleDoor = door('/doors/:server/console', { server: 'control.console' })
const powerDoor = door('/doors/:server/power', {
  by: 'body.action',
  map: { start: { server: 'control.start' }, suspend: { admin: 'servers.suspend' } },
})

const routes = (to: Routes) => {
  for (const one of [consoleDoor, powerDoor]) {
    implement(to, one, async (ctx) => ({ id: ctx.server?.id ?? 0, permissions: [...(ctx.server?.permissions ?? [])] }))
  }
}
const open = (dialect: (typeof DIALECTS)[number]) => createTestPanel({ dialect, services: noServices, routes })

for (const dialect of DIALECTS) {
  describe(`access on ${dialect}`, () => {
    test('to a server is its owner’s, and of others as far as it was given', async () => {
      await using panel = await open(dialect)
      const [owner, friend] = [await panel.createUser(), await panel.createUser()]
      const server = await panel.createServer(owner)
      await panel.grant(friend, server, ['control.console', 'file.read'])
      const [asOwner, asFriend] = [await panel.signInAs(owner), await panel.signInAs(friend)]

      for (const name of [server.uuid, server.shortId]) {
        const input = { params: { server: name }, body: {} }
        expect((await asOwner.call(consoleDoor, input)).body).toEqual({ id: server.id, permissions: ['*'] })
        expect((await asFriend.call(consoleDoor, input)).body.permissions).toEqual(['control.console', 'file.read'])
      }
      const start = { params: { server: server.uuid }, body: { action: 'start' } }
      expect((await asOwner.call(powerDoor, start)).status).toBe(200)
      expect(await asFriend.refusal(powerDoor, start)).toBe('PERMISSION_DENIED')
    })

    test('of a stranger is refused as if the server did not exist', async () => {
      await using panel = await open(dialect)
      const server = await panel.createServer(await panel.createUser())
      const stranger = await panel.signInAs(await panel.createUser())
      const real = await stranger.call(consoleDoor, { params: { server: server.uuid }, body: {} })
      const made = await stranger.call(consoleDoor, { params: { server: crypto.randomUUID() }, body: {} })
      expect([real.status, made.status]).toEqual([404, 404])
      expect(real.body).toMatchObject({ error: { code: 'SERVER_NOT_FOUND' } })
      const nobody = panel.anonymous
      expect(await nobody.refusal(consoleDoor, { params: { server: server.uuid }, body: {} })).toBe('NOT_SIGNED_IN')
    })

    test('of an administrator is to everything; of others to no administration', async () => {
      await using panel = await open(dialect)
      const owner = await panel.createUser()
      const server = await panel.createServer(owner)
      const [admin, asOwner] = [await panel.signInAs(await panel.createAdmin()), await panel.signInAs(owner)]
      const suspend = { params: { server: server.uuid }, body: { action: 'suspend' } }
      expect((await admin.call(consoleDoor, { params: { server: server.uuid }, body: {} })).status).toBe(200)
      expect((await admin.call(powerDoor, suspend)).status).toBe(200)
      expect(await asOwner.refusal(powerDoor, suspend)).toBe('PERMISSION_DENIED')
      expect(await asOwner.refusal(listUsers)).toBe('PERMISSION_DENIED')
      for (const action of ['other', 'constructor', '__proto__']) {
        expect(await admin.refusal(powerDoor, { ...suspend, body: { action } })).toBe('VALIDATION_FAILED')
      }
    })

    test('ends at once when it is taken away, and when the person is frozen', async () => {
      await using panel = await open(dialect)
      const user = await panel.createUser()
      const client = await panel.signInAs(user)
      expect((await client.call(getAccount)).status).toBe(200)
      await panel.ctx.store.transaction(async (trx) => {
        await trx.updateTable('users').set({ state: 'frozen' }).where('id', '=', user.id).execute()
        await panel.ctx.revocations.revoke(trx, 'user', user.uuid)
      })
      expect(await client.refusal(getAccount)).toBe('NOT_SIGNED_IN')
    })
  })
}
