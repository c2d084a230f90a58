import { describe, expect, test } from 'vitest'
import { sql } from 'kysely'
import { DIALECTS } from '../testing/dialects.ts'
import { openTestDatabase } from '../testing/test-database.ts'
import { createLog } from './log.ts'

function capture() {
  const lines: string[] = []
  return { lines, log: createLog('info', { write: (line) => void lines.push(line) }) }
}

for (const dialect of DIALECTS) {
  test(`a failed statement on ${dialect} is logged without its values`, async () => {
    await using database = await openTestDatabase(dialect)
    const { lines, log } = capture()
    const failed = database.store.transaction((trx) =>
      sql`insert into no_such_table (secret) values (${'hunter2'})`.execute(trx),
    )
    log.error({ err: await failed.catch((error: unknown) => new Error('outer', { cause: error })) }, 'failed')
    expect(lines[0]).toContain('no_such_table')
    expect(lines[0]).toContain('outer')
    expect(lines[0]).not.toContain('hunter2')
  })
}

describe('the log', () => {
  test('holds no credentials of a request', () => {
    const { lines, log } = capture()
    log.info({ req: { headers: { authorization: 'Bearer hk_x', cookie: 'hatchery=x', host: 'panel' } } }, 'asked')
    expect(lines[0]).not.toMatch(/hk_x|hatchery=x/)
    expect(lines[0]).toContain('panel')
  })
})
