import { getAccount } from '@hatchery/core/api'
import { describe, expect, test } from 'vitest'
import { pino } from 'pino'
import { MemoryBus } from '../bus/memory-bus.ts'
import { DIALECTS } from '../testing/dialects.ts'
import { noServices } from '../testing/no-services.ts'
import { openTestDatabase } from '../testing/test-database.ts'
import { createTestPanel } from '../testing/test-panel.ts'
import { DatabaseRevocations } from './database-revocations.ts'
import type { Revocation } from './revocations.ts'

const log = pino({ level: 'silent' })

for (const dialect of DIALECTS) {
  describe(`revocations on ${dialect}`, () => {
    test('reach another instance within a second, without a bus between them', async () => {
      await using database = await openTestDatabase(dialect)
      const { store } = database
      const parts = () => ({ store, log, now: Date.now, bus: new MemoryBus(log) })
      const [here, there] = [new DatabaseRevocations(parts()), new DatabaseRevocations(parts())]
      await here.start()
      await there.start()
      const heard = Promise.withResolvers<Revocation>()
      there.onRevocation((revocation) => heard.resolve(revocation))
      const startedAt = performance.now()
      await store.transaction((trx) => here.revoke(trx, 'session', 'the-session'))
      expect(await heard.promise).toEqual({ kind: 'session', subject: 'the-session' })
      expect(performance.now() - startedAt).toBeLessThan(2_000)
      await here.close()
      await there.close()
    })

    test('are not made by a transaction that was rolled back', async () => {
      await using panel = await createTestPanel({ dialect, services: noServices })
      const user = await panel.createUser()
      const client = await panel.signInAs(user)
      await client.call(getAccount)
      const heard: Revocation[] = []
      panel.ctx.revocations.onRevocation((revocation) => heard.push(revocation))
      await panel.ctx.store
        .transaction(async (trx) => {
          await panel.ctx.revocations.revoke(trx, 'user', user.uuid)
          throw new Error('no')
        })
        .catch(() => undefined)
      expect(heard).toEqual([])
      expect((await client.call(getAccount)).status).toBe(200)
    })
  })
}

for (const dialect of DIALECTS.filter((name) => name !== 'sqlite')) {
  test(`on ${dialect} one that commits late is not passed over`, async () => {
    await using database = await openTestDatabase(dialect)
    const { store } = database
    const bus = new MemoryBus(log)
    const writer = new DatabaseRevocations({ store, log, now: Date.now, bus: new MemoryBus(log) })
    const reader = new DatabaseRevocations({ store, log, now: Date.now, bus })
    await reader.start()
    const heard: string[] = []
    const [gotFast, gotSlow] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    reader.onRevocation(({ subject }) => {
      heard.push(subject)
      if (subject === 'fast') gotFast.resolve()
      else gotSlow.resolve()
    })
    const [taken, mayCommit] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const slow = store.transaction(async (trx) => {
      await writer.revoke(trx, 'user', 'slow')
      taken.resolve()
      await mayCommit.promise
    })
    await taken.promise
    await store.transaction((trx) => writer.revoke(trx, 'user', 'fast'))
    bus.publish('revocations', {})
    await gotFast.promise
    mayCommit.resolve()
    await slow
    bus.publish('revocations', {})
    await gotSlow.promise
    expect(heard).toEqual(['fast', 'slow'])
    await reader.close()
    await writer.close()
  })
}
