import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { DurableEvent } from '@hatchery/core/protocol'
import { IdentityStore } from './identity.ts'
import { STATE_MIGRATIONS } from './migrations.ts'
import { OperationJournal } from './operation-journal.ts'
import { StateOutbox } from './outbox.ts'
import { SecretRing } from './secret-ring.ts'
import { chooseSqlite, loadBetterSqlite, loadNodeSqlite, type SqliteLibrary } from './sqlite-library.ts'
import { StateFile, type StateFileOptions } from './state-file.ts'

function temporary(): { readonly path: string } & Disposable {
  const directory = mkdtempSync(join(tmpdir(), 'hatchery-state-'))
  return { path: join(directory, 'agent.sqlite'), [Symbol.dispose]: () => rmSync(directory, { recursive: true }) }
}

const crashed = (run: number): DurableEvent => {
  const server = '00000000-0000-4000-8000-000000000001'
  return {
    name: 'server.crashed',
    data: { server, run, code: 1, oomKilled: false, lastLines: [], restartAt: null, at: 1 },
  }
}
const report = (server: string, stateSeq: number): DurableEvent => ({
  name: 'server.report',
  data: {
    server,
    generation: null,
    state: 'offline',
    install: 'none',
    run: 0,
    stateSeq,
    startedAt: null,
    exit: null,
    isOrphaned: false,
  },
})

for (const library of [loadBetterSqlite(), loadNodeSqlite()]) {
  const open = (path: string, options: StateFileOptions = {}) => StateFile.open(path, { library, ...options })

  describe(`state file with ${library.name}`, () => {
    test('a second agent on the same directory is refused', () => {
      using place = temporary()
      const first = open(place.path)
      expect(() => open(place.path)).toThrow(/Another agent uses/)
      first.close()
      open(place.path).close()
    })

    test('promises are on the disk before they are given', () => {
      using place = temporary()
      const file = open(place.path)
      expect(file.sql.get<{ synchronous: number }>('pragma synchronous')?.synchronous).toBe(2)
      expect(file.sql.get<{ journal_mode: string }>('pragma journal_mode')?.journal_mode).toBe('wal')
      file.close()
    })

    test('a snapshot is taken before the schema changes, and the change can be run again', () => {
      using place = temporary()
      const later = [
        ...STATE_MIGRATIONS,
        { version: 50, statements: ['create table if not exists extra (id integer)'] },
      ]
      const file = open(place.path)
      new IdentityStore(file, { machine: 'm', dataDirectory: 'd' })
      file.close()
      open(place.path, { migrations: later }).close()
      open(place.path, { migrations: later }).close()
      const before = STATE_MIGRATIONS.at(-1)!.version
      const snapshot = new Database(`${place.path}.v${before}`)
      expect(snapshot.prepare('select count(*) as n from identity').get()).toEqual({ n: 1 })
      expect(snapshot.pragma('user_version', { simple: true })).toBe(before)
      snapshot.close()
    })

    test('a file that a newer agent has written is opened, and known to be newer', () => {
      using place = temporary()
      const later = [
        ...STATE_MIGRATIONS,
        { version: 99, statements: ['create table if not exists extra (id integer)'] },
      ]
      open(place.path, { migrations: later }).close()
      const file = open(place.path)
      expect(file.isNewer).toBe(true)
      file.close()
      expect(existsSync(`${place.path}.v99`)).toBe(false)
    })

    test('a transaction is all or nothing', () => {
      using place = temporary()
      const file = open(place.path)
      const outbox = new StateOutbox(file)
      expect(() =>
        file.transaction(() => {
          outbox.append(crashed(1), 1)
          throw new Error('no')
        }),
      ).toThrow('no')
      expect(outbox.read(0, 10)).toEqual([])
      file.close()
    })
  })

  describe(`identity with ${library.name}`, () => {
    test('the secret is made once; another machine or directory is noticed until the move is confirmed', () => {
      using place = temporary()
      const file = open(place.path)
      const first = new IdentityStore(file, { machine: 'a', dataDirectory: '1:2' }).read()
      expect(first.secret).toMatch(/^[A-Za-z0-9_-]{43}$/)
      const moved = new IdentityStore(file, { machine: 'b', dataDirectory: '1:2' })
      expect(moved.read()).toMatchObject({ isMoved: true, secret: first.secret, installation: first.installation })
      moved.confirmMove()
      expect(moved.read().isMoved).toBe(false)
      file.close()
    })
  })

  describe(`secrets with ${library.name}`, () => {
    const DAY_MS = 24 * 60 * 60_000
    const enrolled = (path: string) => {
      const file = open(path)
      const identity = new IdentityStore(file, { machine: 'm', dataDirectory: 'd' })
      if (!identity.read().enrolment) {
        identity.storeEnrolment({ node: 'n', keyId: 'k1', panelUrl: 'http://localhost', linkPath: '/l' }, 0)
      }
      const ring = new SecretRing(file)
      return { file, identity, ring, ids: () => ring.candidates().map(({ keyId }) => keyId) }
    }

    test('a new one is stored before it is told, the same for the same id, and tried first from then on', () => {
      using place = temporary()
      let agent = enrolled(place.path)
      const first = agent.identity.read().secret
      const secret = agent.ring.prepare('k2', 1)
      agent.file.close()
      agent = enrolled(place.path)
      expect(agent.ring.prepare('k2', 2)).toBe(secret)
      expect(agent.ring.candidates()).toEqual([
        { keyId: 'k2', secret },
        { keyId: 'k1', secret: first },
      ])
      agent.ring.prepare('k3', 3)
      expect(agent.ids()).toEqual(['k3', 'k1'])
      agent.file.close()
    })

    test('the one that was accepted is in use, and the one before is kept for 30 days', () => {
      using place = temporary()
      const { file, identity, ring, ids } = enrolled(place.path)
      const secret = ring.prepare('k2', 0)
      ring.markUsed('k2', DAY_MS)
      expect(identity.read()).toMatchObject({ secret, enrolment: { keyId: 'k2' } })
      ring.markUsed('k2', 31 * DAY_MS)
      expect(ids()).toEqual(['k2', 'k1'])
      ring.markUsed('k2', 31 * DAY_MS + 1)
      expect(ids()).toEqual(['k2'])
      file.close()
    })

    test('a panel restored from a copy accepts the one before, which is tried first again', () => {
      using place = temporary()
      const { file, ring, ids } = enrolled(place.path)
      ring.prepare('k2', 0)
      ring.markUsed('k2', 1)
      ring.markUsed('k1', 2)
      expect(ids()).toEqual(['k1', 'k2'])
      file.close()
    })

    test('none is left of a node that this machine no longer belongs to', () => {
      using place = temporary()
      const { file, identity, ring, ids } = enrolled(place.path)
      ring.prepare('k2', 0)
      identity.renew()
      expect(ids()).toEqual([])
      file.close()
    })
  })

  describe(`outbox with ${library.name}`, () => {
    test('keeps events in order until they are acknowledged, over a restart', () => {
      using place = temporary()
      let file = open(place.path)
      let outbox = new StateOutbox(file)
      for (const run of [1, 2, 3]) outbox.append(crashed(run), run)
      outbox.acknowledge(1)
      const { incarnation } = outbox
      file.close()
      file = open(place.path)
      outbox = new StateOutbox(file)
      expect(outbox).toMatchObject({ incarnation, acknowledgedSeq: 1, lastSeq: 3 })
      expect(outbox.read(1, 10).map(({ seq, event }) => [seq, event])).toEqual([
        [2, crashed(2)],
        [3, crashed(3)],
      ])
      outbox.acknowledge(3)
      expect(outbox.append(crashed(4), 4)).toBe(4)
      file.close()
    })

    test('of a state only the newest is kept, each server by itself', () => {
      using place = temporary()
      const file = open(place.path)
      const outbox = new StateOutbox(file)
      outbox.append(report('a', 1), 1)
      outbox.append(report('b', 1), 1)
      outbox.append(report('a', 2), 2)
      expect(outbox.read(0, 10).map(({ event }) => event)).toEqual([report('b', 1), report('a', 2)])
      file.close()
    })

    test('a full outbox drops the oldest, counts them in one `lost` event, and keeps answers longest', () => {
      using place = temporary()
      const file = open(place.path)
      const outbox = new StateOutbox(file, { maxEvents: 20 })
      const operation = randomUUID()
      outbox.append(
        { name: 'operation.finished', data: { operation, server: null, status: 'succeeded', error: null, at: 1 } },
        1,
      )
      for (let run = 1; run <= 100; run++) outbox.append(crashed(run), run)
      const events = outbox.read(0, 1_000).map(({ event }) => event)
      expect(events.length).toBeLessThanOrEqual(21)
      expect(events.filter(({ name }) => name === 'operation.finished')).toHaveLength(1)
      const lost = events.filter((event) => event.name === 'lost')
      expect(lost).toHaveLength(1)
      const kept = events.filter(({ name }) => name === 'server.crashed').length
      expect(lost[0]?.data).toMatchObject({ count: 100 - kept })
      file.close()
    })

    test('a new incarnation begins at one, with nothing', () => {
      using place = temporary()
      const file = open(place.path)
      const outbox = new StateOutbox(file)
      const { incarnation } = outbox
      outbox.append(crashed(1), 1)
      outbox.renew()
      expect(outbox.incarnation).not.toBe(incarnation)
      expect(outbox.read(0, 10)).toEqual([])
      expect(outbox.append(crashed(2), 2)).toBe(1)
      file.close()
    })
  })

  describe(`operations with ${library.name}`, () => {
    test('the same id and content is known, in whatever order its fields come; another content is an error', () => {
      using place = temporary()
      const file = open(place.path)
      const journal = new OperationJournal(file)
      expect(journal.begin('o', 'server.power', 'converge', 's', { server: 's', action: 'start' }, 1)).toBeNull()
      journal.answer('o', { result: { state: 'starting' } })
      expect(journal.begin('o', 'server.power', 'converge', 's', { action: 'start', server: 's' }, 2)).toMatchObject({
        answer: { result: { state: 'starting' } },
      })
      const other = () => journal.begin('o', 'server.power', 'converge', 's', { server: 's', action: 'kill' }, 3)
      expect(other).toThrow(expect.objectContaining({ code: 'OPERATION_BODY_MISMATCH' }))
      file.close()
    })

    test('results are kept until the panel lets them go', () => {
      using place = temporary()
      const file = open(place.path)
      const journal = new OperationJournal(file)
      for (const [index, id] of ['a', 'b', 'c'].entries()) {
        journal.begin(id, 'server.power', 'converge', 's', {}, 1)
        if (id !== 'c') journal.finish(id, 'succeeded', 10 + index)
      }
      journal.forget(11)
      expect([journal.find('a'), journal.find('b')?.status, journal.find('c')?.status]).toEqual([
        null,
        'succeeded',
        null,
      ])
      expect(journal.unfinished().map(({ id }) => id)).toEqual(['c'])
      file.close()
    })
  })
}

describe('the library of the state file', () => {
  const broken = (): SqliteLibrary => {
    throw new Error('no program for this platform')
  }

  test('is better-sqlite3 where it works, else the one inside Node, with the reason', () => {
    expect(chooseSqlite()).toMatchObject({ library: { name: 'better-sqlite3' }, fallbackReason: null })
    const { library, fallbackReason } = chooseSqlite(broken)
    expect(library.name).toBe('node:sqlite')
    expect(String(fallbackReason)).toContain('no program for this platform')
    expect(() => chooseSqlite(broken, broken)).toThrow('no program for this platform')
  })

  test('may change from one start to the next', () => {
    using place = temporary()
    for (const [index, load] of [loadBetterSqlite, loadNodeSqlite, loadBetterSqlite].entries()) {
      const file = StateFile.open(place.path, { library: load() })
      const outbox = new StateOutbox(file)
      expect(outbox.append(crashed(index), index)).toBe(index + 1)
      file.close()
    }
  })
})
