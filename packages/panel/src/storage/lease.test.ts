import { hostname } from 'node:os'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { STORAGES } from '../testing/dialects.ts'
import { openTestDatabase } from '../testing/test-database.ts'
import { takeLease } from './lease.ts'

const parts = { now: Date.now, log: pino({ level: 'silent' }) }
const held = (holder: string) => ({ name: 'x', holder, token: 4, expires_at: Date.now() + 3_600_000 })

for (const dialect of STORAGES) {
  describe(`a lease on ${dialect}`, () => {
    test('has one holder of many who ask at once, and the next one gets a higher token', async () => {
      await using database = await openTestDatabase(dialect)
      const { store } = database
      const asked = await Promise.all(Array.from({ length: 8 }, () => takeLease(store, 'x', parts)))
      const [lease, ...more] = asked.filter((one) => one !== null)
      expect(more).toEqual([])
      await lease!.release()
      const next = await takeLease(store, 'x', parts)
      expect(next!.token).toBe(lease!.token + 1)
      await next!.release()
    })

    test('is waited for while its holder may live, and taken over at once where it cannot', async () => {
      await using database = await openTestDatabase(dialect)
      const { store } = database
      const hold = (holder: string) =>
        store.transaction(async (trx) => {
          await trx.deleteFrom('leases').execute()
          await trx.insertInto('leases').values(held(holder)).execute()
        })
      await hold('another-machine/1/a')
      expect(await takeLease(store, 'x', parts)).toBeNull()
      await hold(`${hostname()}/${process.ppid}/a`)
      expect(await takeLease(store, 'x', parts)).toBeNull()
      // No process has this number; the second one is an earlier process with our own.
      for (const pid of [2 ** 22 + 1, process.pid]) {
        await hold(`${hostname()}/${pid}/a`)
        const lease = await takeLease(store, 'x', parts)
        expect(lease?.token).toBe(5)
        await lease!.release()
      }
    })
  })
}
