import { MIGRATIONS } from '@hatchery/migrations'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { DIALECTS } from '../testing/dialects.ts'
import { openTestDatabase } from '../testing/test-database.ts'
import { openStore } from './open-store.ts'

describe('the list of migrations', () => {
  test('names every migration and every step of it once', () => {
    expect(new Set(MIGRATIONS.map(({ name }) => name)).size).toBe(MIGRATIONS.length)
    for (const { steps } of MIGRATIONS) expect(new Set(steps.map(({ name }) => name)).size).toBe(steps.length)
  })
})

for (const dialect of DIALECTS) {
  test(`on ${dialect} every step can run again, as after a crash between it and its record`, async () => {
    await using database = await openTestDatabase(dialect)
    const count = async () => {
      const { rows } = await sql<{ n: number }>`select count(*) as n from schema_steps`.execute(database.store.db)
      return Number(rows[0]?.n)
    }
    const all = await count()
    await database.store.transaction((trx) => sql`delete from schema_steps`.execute(trx))
    const again = await openStore(database.url, { synchronous: 'OFF' })
    await again.close()
    expect(await count()).toBe(all)
    expect(all).toBe(MIGRATIONS.reduce((sum, { steps }) => sum + steps.length, 0))
  })
}
