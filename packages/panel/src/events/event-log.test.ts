import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { MemoryBus } from '../bus/memory-bus.ts'
import type { Store } from '../storage/store.ts'
import { DIALECTS, STORAGES } from '../testing/dialects.ts'
import { openTestDatabase } from '../testing/test-database.ts'
import { createEventLog } from './database-event-log.ts'
import { Sequencer } from './sequencer.ts'

const log = pino({ level: 'silent' })

function openLog(store: Store) {
  const bus = new MemoryBus(log)
  const sequencer = new Sequencer({ store, bus, log })
  return { bus, sequencer, events: createEventLog({ store, bus, sequencer, now: Date.now }) }
}

const WRITERS = 8
const EACH = 1000

/** Transactions that take their id early and commit late, as real ones do. */
async function writeAll(
  store: Store,
  append: (trx: Parameters<ReturnType<typeof openLog>['events']['append']>[0], type: string) => Promise<void>,
) {
  await Promise.all(
    Array.from({ length: WRITERS }, async (_, writer) => {
      for (let index = 0; index < EACH; index++) {
        await store.transaction(async (trx) => {
          await append(trx, `test:${writer}.${index}`)
          if ((index + writer) % 3 === 0) await new Promise((resolve) => setImmediate(resolve))
        })
      }
    }),
  )
}

for (const dialect of STORAGES) {
  describe(`the event log on ${dialect}`, () => {
    test(
      'shows a reader by position every event of eight writers, once and in order',
      { timeout: 120_000 },
      async () => {
        await using database = await openTestDatabase(dialect)
        const { store } = database
        const { events, sequencer } = openLog(store)
        const seen: string[] = []
        let isDone = false
        const reading = (async () => {
          let cursor = await events.head()
          for (;;) {
            const isLast = isDone
            if (isLast) await sequencer.settle()
            const page = await events.read(cursor, 500)
            if (page === 'resync') throw new Error('the reader was told to start again')
            seen.push(...page.events.map(({ type }) => type))
            cursor = page.cursor
            if (isLast && page.events.length === 0) return
            await new Promise((resolve) => setImmediate(resolve))
          }
        })()
        await writeAll(store, (trx, type) => events.append(trx, { type }))
        isDone = true
        await reading
        await sequencer.close()
        expect(new Set(seen).size).toBe(WRITERS * EACH)
        expect(seen.length).toBe(WRITERS * EACH)
      },
    )

    test('wakes its readers after the commit, and not for what was rolled back', async () => {
      await using database = await openTestDatabase(dialect)
      const { events, bus, sequencer } = openLog(database.store)
      const woken = Promise.withResolvers<void>()
      bus.subscribe('events', () => woken.resolve())
      const failed = database.store.transaction(async (trx) => {
        await events.append(trx, { type: 'test:never' })
        throw new Error('changed my mind')
      })
      await expect(failed).rejects.toThrow('changed my mind')
      await database.store.transaction((trx) =>
        events.append(trx, { type: 'test:happened', ip: '192.0.2.1', data: { name: 'x' } }),
      )
      await woken.promise
      await sequencer.settle()
      const page = await events.read(null, 10)
      expect(page).toMatchObject({ events: [{ type: 'test:happened', ip: '192.0.2.1', data: { name: 'x' } }] })
      await sequencer.close()
    })

    test('asks readers to start again after another log, a future position, or what retention removed', async () => {
      await using database = await openTestDatabase(dialect)
      const { events, sequencer } = openLog(database.store)
      const start = await events.head()
      for (const type of ['test:a', 'test:b', 'test:c']) {
        await database.store.transaction((trx) => events.append(trx, { type }))
        await sequencer.settle()
      }
      const [epoch] = start.split(':')
      expect(await events.read(`00ff00ff00ff00ff:1`, 10)).toBe('resync')
      expect(await events.read(`${epoch}:99999`, 10)).toBe('resync')
      expect(await events.read('nonsense', 10)).toBe('resync')
      await database.store.transaction((trx) =>
        trx.deleteFrom('event_log').where('type', 'in', ['test:a', 'test:b']).execute(),
      )
      expect(await events.read(start, 10)).toBe('resync')
      const all = await events.read(null, 10)
      expect(all).toMatchObject({ events: [{ type: 'test:c' }] })
      await sequencer.close()
    })
  })
}

for (const dialect of DIALECTS.filter((name) => name !== 'sqlite')) {
  test(`negative control on ${dialect}: a reader by id passes a transaction that commits late`, async () => {
    await using database = await openTestDatabase(dialect)
    const { store } = database
    const { events, sequencer } = openLog(store)
    const idTaken = Promise.withResolvers<void>()
    const mayCommit = Promise.withResolvers<void>()
    const slow = store.transaction(async (trx) => {
      await events.append(trx, { type: 'test:slow' })
      idTaken.resolve()
      await mayCommit.promise
    })
    await idTaken.promise
    await store.transaction((trx) => events.append(trx, { type: 'test:fast' }))

    const byId = async (after: number) =>
      store.db.selectFrom('event_log').select(['id', 'type']).where('id', '>', after).orderBy('id').execute()
    const first = await byId(0)
    await sequencer.settle()
    const page = await events.read(null, 10)
    mayCommit.resolve()
    await slow
    const second = await byId(first.at(-1)!.id)
    expect([...first, ...second].map(({ type }) => type)).toEqual(['test:fast'])

    await sequencer.settle()
    if (page === 'resync') throw new Error('unexpected')
    const rest = await events.read(page.cursor, 10)
    if (rest === 'resync') throw new Error('unexpected')
    expect([...page.events, ...rest.events].map(({ type }) => type)).toEqual(['test:fast', 'test:slow'])
    await sequencer.close()
  })
}
