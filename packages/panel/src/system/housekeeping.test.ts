import { expect, describe, test } from 'vitest'
import { pino } from 'pino'
import { DatabaseRevocations } from '../access/database-revocations.ts'
import { MemoryBus } from '../bus/memory-bus.ts'
import { DIALECTS } from '../testing/dialects.ts'
import { openTestDatabase } from '../testing/test-database.ts'
import { Housekeeping } from './housekeeping.ts'

const log = pino({ level: 'silent' })
const DAY_MS = 24 * 3_600_000
const NOW = Date.UTC(2026, 0, 5)

for (const dialect of DIALECTS) {
  describe(`housekeeping on ${dialect}`, () => {
    test('removes what is past its time, however much it is, and nothing else', async () => {
      await using database = await openTestDatabase(dialect)
      const { store } = database
      const revocation = (subject: string, at: number) => ({ kind: 'user', subject, at })
      const old = Array.from({ length: 1200 }, (_, index) => revocation(`old-${index}`, NOW - 2 * DAY_MS))
      const key = { principal: 'user:1', request_hash: '0'.repeat(64), status: 200, response: null }
      await store.transaction(async (trx) => {
        await trx
          .insertInto('revocations')
          .values([...old, revocation('new', NOW - 1000)])
          .execute()
        await trx
          .insertInto('access_floors')
          .values([
            { user_uuid: crypto.randomUUID(), server_uuid: null, min_revision: 1, at: NOW - 8 * DAY_MS },
            { user_uuid: crypto.randomUUID(), server_uuid: null, min_revision: 2, at: NOW - 6 * DAY_MS },
          ])
          .execute()
        await trx
          .insertInto('idempotency_keys')
          .values([
            { ...key, key: 'old', created_at: NOW - 8 * DAY_MS },
            { ...key, key: 'new', created_at: NOW - 6 * DAY_MS },
          ])
          .execute()
      })
      const parts = { store, log, now: () => NOW }
      const revocations = new DatabaseRevocations({ ...parts, bus: new MemoryBus(log) })
      const housekeeping = new Housekeeping({ ...parts, revocations })
      await housekeeping.run()
      const left = await store.db.selectFrom('revocations').select('subject').execute()
      expect(left).toEqual([{ subject: 'new' }])
      const floors = await store.db.selectFrom('access_floors').select('min_revision').execute()
      expect(floors).toEqual([{ min_revision: 2 }])
      const keys = await store.db.selectFrom('idempotency_keys').select('key').execute()
      expect(keys).toEqual([{ key: 'new' }])
      await housekeeping.close()
      await revocations.close()
    })
  })
}
