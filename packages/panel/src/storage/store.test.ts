import { fork } from 'node:child_process'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { DIALECTS, STORAGES } from '../testing/dialects.ts'
import { openTestDatabase } from '../testing/test-database.ts'
import { isolationLevel, openStore } from './open-store.ts'
import { isUniqueViolation } from './retry.ts'
import { loadBetterSqlite, loadNodeSqlite } from './sqlite-library.ts'
import type { Store } from './store.ts'
import { afterCommit } from './transaction-scope.ts'

const nest = (name: string) => ({
  uuid: crypto.randomUUID(),
  name,
  author: '',
  description: '',
  created_at: 1,
  revision: 1,
})
const LIBRARIES = [loadBetterSqlite, loadNodeSqlite]
const nests = (store: Store) => store.db.selectFrom('nests').select('name').orderBy('id').execute()

for (const dialect of STORAGES) {
  describe(`the store on ${dialect}`, () => {
    test('commits as one, and rolls back as one', async () => {
      await using database = await openTestDatabase(dialect)
      const { store } = database
      await store.transaction((trx) => store.insertId(trx, 'nests', nest('kept')))
      await expect(
        store.transaction(async (trx) => {
          await store.insertId(trx, 'nests', nest('lost'))
          throw new Error('no')
        }),
      ).rejects.toThrow('no')
      expect(await nests(store)).toEqual([{ name: 'kept' }])
    })

    test('answers the integer id of an insert and never uses one again', async () => {
      await using database = await openTestDatabase(dialect)
      const { store } = database
      const first = await store.transaction((trx) => store.insertId(trx, 'nests', nest('a')))
      await store.transaction((trx) => trx.deleteFrom('nests').execute())
      const second = await store.transaction((trx) => store.insertId(trx, 'nests', nest('b')))
      expect(second).toBeGreaterThan(first)
    })

    test('refuses the outer db inside a transaction instead of hanging', async () => {
      await using database = await openTestDatabase(dialect)
      const { store } = database
      await expect(store.transaction(() => nests(store))).rejects.toThrow('use its `trx`')
      await expect(store.transaction(() => store.transaction(async () => 1))).rejects.toThrow('do not nest')
      expect(await nests(store)).toEqual([])
    })

    test('refuses writes outside a transaction', async () => {
      await using database = await openTestDatabase(dialect)
      await expect(database.store.db.insertInto('nests').values(nest('x')).execute()).rejects.toThrow('only reads')
    })

    test('runs effects after the commit only', async () => {
      await using database = await openTestDatabase(dialect)
      const { store } = database
      const effects: string[] = []
      await store.transaction(async (trx, after) => {
        after(() => effects.push('argument'))
        afterCommit(() => effects.push('ambient'))
        await store.insertId(trx, 'nests', nest('x'))
        expect(effects).toEqual([])
      })
      expect(effects).toEqual(['argument', 'ambient'])
      await store
        .transaction(async () => {
          afterCommit(() => effects.push('never'))
          throw new Error('no')
        })
        .catch(() => undefined)
      expect(effects).toHaveLength(2)
      expect(() => afterCommit(() => undefined)).toThrow('outside a transaction')
    })

    test('reads large numbers, sums and counts as numbers, and text as it was written', async () => {
      await using database = await openTestDatabase(dialect)
      const { store } = database
      const text = 'žluťoučký 🐎 \\ \' " `'
      await store.transaction(async (trx) => {
        await store.insertId(trx, 'nests', { ...nest('a'), created_at: 1_767_614_400_123, author: text })
        await store.insertId(trx, 'nests', { ...nest('b'), created_at: 1_767_614_400_124 })
      })
      const row = await store.db
        .selectFrom('nests')
        .select((select) => [
          select.fn.countAll().as('count'),
          select.fn.sum('created_at').as('sum'),
          select.fn.max('created_at').as('max'),
        ])
        .executeTakeFirstOrThrow()
      expect(row).toEqual({ count: 2, sum: 3_535_228_800_247, max: 1_767_614_400_124 })
      const { author } = await store.db.selectFrom('nests').select('author').orderBy('id').executeTakeFirstOrThrow()
      expect(author).toBe(text)
    })

    test('tells a taken unique key from other errors, and compares text exactly', async () => {
      await using database = await openTestDatabase(dialect)
      const { store } = database
      await store.transaction((trx) => store.insertId(trx, 'nests', nest('same')))
      await store.transaction((trx) => store.insertId(trx, 'nests', nest('SAME')))
      const error: unknown = await store
        .transaction((trx) => store.insertId(trx, 'nests', nest('same')))
        .catch((e: unknown) => e)
      expect(isUniqueViolation(error)).toBe(true)
      expect(isUniqueViolation(new Error('other'))).toBe(false)
    })

    test('keeps a limit that fifty callers race for', { timeout: 30_000 }, async () => {
      await using database = await openTestDatabase(dialect)
      const { store } = database
      const owner = await store.transaction((trx) => store.insertId(trx, 'users', user()))
      const limit = 5
      const add = () =>
        store.transaction(async (trx) => {
          await store.lockRow(trx, 'users', owner)
          const { count } = await trx
            .selectFrom('ssh_keys')
            .select((row) => row.fn.countAll<number>().as('count'))
            .where('user_id', '=', owner)
            .executeTakeFirstOrThrow()
          if (Number(count) >= limit) return false
          await store.insertId(trx, 'ssh_keys', sshKey(owner))
          return true
        })
      const results = await Promise.all(Array.from({ length: 50 }, add))
      expect(results.filter(Boolean)).toHaveLength(limit)
      expect(await store.db.selectFrom('ssh_keys').select('id').execute()).toHaveLength(limit)
    })

    test('is opened by several at once, and again, with the same tables', async () => {
      await using database = await openTestDatabase(dialect)
      if (database.store.dialect === 'sqlite') return
      const stores = await Promise.all([openStore(database.url), openStore(database.url), openStore(database.url)])
      const heads = await Promise.all(
        stores.map((store) => store.db.selectFrom('event_log_head').selectAll().execute()),
      )
      expect(new Set(heads.map((rows) => JSON.stringify(rows))).size).toBe(1)
      await Promise.all(stores.map((store) => store.close()))
    })
  })
}

for (const dialect of DIALECTS.filter((name) => name !== 'sqlite')) {
  test(`every ${dialect} connection runs READ COMMITTED`, async () => {
    await using database = await openTestDatabase(dialect)
    const { store } = database
    const levels = await Promise.all(Array.from({ length: 20 }, () => isolationLevel(store.db, dialect)))
    expect(new Set(levels)).toEqual(new Set(['read committed']))
    const inside = await store.transaction((trx) => isolationLevel(trx, dialect))
    expect(inside).toBe('read committed')
  })

  test(`a deadlock on ${dialect} is tried again, and both succeed`, { timeout: 30_000 }, async () => {
    await using database = await openTestDatabase(dialect)
    const { store } = database
    const [one, two] = await store.transaction(async (trx) => [
      await store.insertId(trx, 'users', user()),
      await store.insertId(trx, 'users', user()),
    ])
    let meetings = 0
    const met = Promise.withResolvers<void>()
    let runs = 0
    const cross = (first: number, second: number) =>
      store.transaction(async (trx) => {
        runs++
        await store.lockRow(trx, 'users', first)
        if (++meetings === 2) met.resolve()
        await met.promise
        await store.lockRow(trx, 'users', second)
      })
    await Promise.all([cross(one!, two!), cross(two!, one!)])
    expect(runs).toBe(3)
    const rows = await store.db.selectFrom('users').select('lock_count').execute()
    expect(rows.map((row) => row.lock_count)).toEqual([2, 2])
  })
}

describe('an SQLite file', () => {
  test('belongs to one process, and is free again however that one ends', { timeout: 30_000 }, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'hatchery-owner-'))
    const path = join(directory, 'panel.db')
    const script = `import { openStore } from ${JSON.stringify(new URL('open-store.ts', import.meta.url).href)}
      await openStore(${JSON.stringify(`sqlite:${path}`)})
      process.send('open')
      setInterval(() => undefined, 1000)`
    const holder = fork('-', { execArgv: ['--conditions=@hatchery/source', '--input-type=module', '--eval', script] })
    await new Promise((resolve) => holder.once('message', resolve))
    for (const sqlite of LIBRARIES) {
      await expect(openStore(`sqlite:${path}`, { sqlite })).rejects.toThrow('used by another process')
    }
    const ended = new Promise((resolve) => holder.once('exit', resolve))
    holder.kill('SIGKILL')
    await ended
    const store = await openStore(`sqlite:${path}`)
    expect(await nests(store)).toEqual([])
    await store.close()
    await rm(directory, { recursive: true })
  })

  test.each(['sqlite', 'node:sqlite'] as const)('is read while a transaction is open (%s)', async (storage) => {
    await using database = await openTestDatabase(storage)
    const { store } = database
    const mayCommit = Promise.withResolvers<void>()
    const inserted = Promise.withResolvers<void>()
    const writing = store.transaction(async (trx) => {
      await store.insertId(trx, 'nests', nest('soon'))
      inserted.resolve()
      await mayCommit.promise
    })
    await inserted.promise
    expect(await nests(store)).toEqual([])
    mayCommit.resolve()
    await writing
    expect(await nests(store)).toEqual([{ name: 'soon' }])
  })

  test.each(LIBRARIES)('enforces foreign keys, syncs every commit, and is its owner’s to read (%#)', async (sqlite) => {
    const directory = await mkdtemp(join(tmpdir(), 'hatchery-pragmas-'))
    const store = await openStore(`sqlite:${join(directory, 'panel.db')}`, { sqlite })
    await expect(store.transaction((trx) => store.insertId(trx, 'ssh_keys', sshKey(999)))).rejects.toThrow(
      'FOREIGN KEY',
    )
    const pragma = async (name: string) =>
      store.transaction(
        async (trx) => (await sql.raw<Record<string, unknown>>(`pragma ${name}`).execute(trx)).rows[0]?.[name],
      )
    expect(await pragma('synchronous')).toBe(2)
    expect(await pragma('journal_mode')).toBe('wal')
    for (const name of ['panel.db', 'panel.db-wal', 'panel.db-shm']) {
      expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600)
    }
    await store.close()
    await rm(directory, { recursive: true })
  })
})

function user() {
  const uuid = crypto.randomUUID()
  return {
    uuid,
    external_id: null,
    email: `${uuid}@example.com`,
    username: uuid,
    first_name: '',
    last_name: '',
    password_hash: null,
    must_change_password: 0,
    is_admin: 0,
    state: 'active',
    language: 'en',
    totp_secret_encrypted: null,
    totp_enabled_at: null,
    access_revision: 1,
    created_at: 1,
    updated_at: 1,
    revision: 1,
    lock_count: 0,
  }
}

function sshKey(owner: number) {
  const uuid = crypto.randomUUID()
  return { uuid, user_id: owner, name: 'k', fingerprint: uuid, public_key: 'k', created_at: 1 }
}
