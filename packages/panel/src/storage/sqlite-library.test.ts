import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openStore } from './open-store.ts'
import { loadBetterSqlite, loadNodeSqlite, loadSqlite, type SqliteLoader } from './sqlite-library.ts'

const broken: SqliteLoader = async () => {
  throw new Error('no program for this platform')
}

test('the preferred library is used where it works, and nothing is said', async () => {
  const reasons: unknown[] = []
  expect((await loadSqlite((reason) => reasons.push(reason))).name).toBe('better-sqlite3')
  expect(reasons).toEqual([])
})

test('where it does not, the library inside Node is used, and the reason told once', async () => {
  const reasons: unknown[] = []
  expect((await loadSqlite((reason) => reasons.push(reason), broken)).name).toBe('node:sqlite')
  expect(reasons.map(String)).toEqual(['Error: no program for this platform'])
})

test('where none works, the error is the one of the preferred library', async () => {
  const other: SqliteLoader = async () => {
    throw new Error('this Node has no SQLite')
  }
  await expect(loadSqlite(() => undefined, broken, other)).rejects.toThrow('no program for this platform')
})

test('a file goes from one library to the other and back', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'hatchery-libraries-'))
  const url = `sqlite:${join(directory, 'panel.db')}`
  for (const [index, sqlite] of [loadBetterSqlite, loadNodeSqlite, loadBetterSqlite].entries()) {
    const store = await openStore(url, { sqlite })
    await store.transaction(async (trx) => {
      await store.insertId(trx, 'settings', { name: `n${index}`, value: '1', updated_at: 1 })
    })
    const rows = await store.db.selectFrom('settings').select('name').where('name', 'like', 'n%').execute()
    expect(rows).toHaveLength(index + 1)
    await store.close()
  }
  await rm(directory, { recursive: true })
})

test('a process that cannot load better-sqlite3 opens its database all the same', { timeout: 30_000 }, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'hatchery-fallback-'))
  const script = `import { registerHooks } from 'node:module'
    registerHooks({
      resolve(name, context, next) {
        if (name === 'better-sqlite3') throw new Error('its program is missing')
        return next(name, context)
      },
    })
    const { openStore } = await import(${JSON.stringify(new URL('open-store.ts', import.meta.url).href)})
    const reasons = []
    const store = await openStore(${JSON.stringify(`sqlite:${join(directory, 'panel.db')}`)}, {
      onSqliteFallback: (reason) => reasons.push(reason.message),
    })
    const nests = await store.db.selectFrom('nests').select('name').execute()
    await store.close()
    process.send({ reasons, nests })`
  const child = fork('-', { execArgv: ['--conditions=@hatchery/source', '--input-type=module', '--eval', script] })
  const [said] = await once(child, 'message')
  expect(said).toEqual({ reasons: ['its program is missing'], nests: [] })
  await rm(directory, { recursive: true })
})
