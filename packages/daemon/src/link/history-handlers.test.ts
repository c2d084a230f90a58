import { randomBytes, randomUUID } from 'node:crypto'
import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { TestAgent } from '../testing/test-agent.ts'

const LIMITS = { memoryMiB: 64, swapMiB: 0, cpuPercent: 0, cpuPinning: null, ioWeight: 500, pids: 64 }
const ADA = { user: randomUUID(), name: 'ada' }

async function withServer(change: Parameters<TestAgent['installed']>[0] = {}) {
  const agent = await TestAgent.start()
  const { id: server } = await agent.installed(change)
  const { panel } = agent
  return {
    panel,
    server,
    volume: join(agent.dataDirectory, 'volumes', server),
    async write(path: string, text: string) {
      const ticket = panel.ticket()
      const about = { server, path, ifRevision: null, mode: 'create-or-replace', author: ADA } as const
      const answer = panel.call('files.write', { ...about, ticket: ticket.id })
      await (
        await ticket.opened
      ).send(async function* (offset) {
        yield Buffer.from(text).subarray(offset)
      })
      return (await answer).entry
    },
    async read(revision: string) {
      const ticket = panel.ticket()
      await panel.call('files.revision', { server, revision, ticket: ticket.id })
      return (await buffer((await ticket.opened).receive())).toString()
    },
    list: async (path: string) => (await panel.call('files.history', { server, path })).revisions,
    [Symbol.asyncDispose]: () => agent[Symbol.asyncDispose](),
  }
}

test('saves over the link have a history, with what the game wrote in between, and can be taken back', async () => {
  await using stage = await withServer()
  const { panel, server } = stage
  await stage.write('server.properties', 'one')
  writeFileSync(join(stage.volume, 'data-1/server.properties'), 'by the game')
  const { revision: seen } = await stage.write('server.properties', 'two')
  const list = await stage.list('server.properties')
  expect(list.map(({ via, name }) => [via, name])).toEqual([
    ['page', 'ada'],
    ['outside', null],
    ['page', 'ada'],
  ])
  expect(await Promise.all(list.map(({ id }) => stage.read(id)))).toEqual(['two', 'by the game', 'one'])

  const restore = (ifRevision: number | null, mode: 'replace' | 'create-or-replace' = 'replace') =>
    panel.call('files.restoreRevision', { server, revision: list[2]!.id, ifRevision, mode, author: ADA })
  await expect(restore(seen + 1)).rejects.toMatchObject({ code: 'REVISION_MISMATCH' })
  await restore(seen)
  expect((await stage.list('server.properties'))[0]).toMatchObject({ via: 'restore', sizeBytes: 3 })
  expect(await stage.read((await stage.list('server.properties'))[1]!.id)).toBe('two')

  await panel.call('files.delete', { server, paths: ['server.properties'], isPermanent: true })
  expect((await panel.call('files.lost', { server })).files).toMatchObject([{ path: 'server.properties' }])
  await expect(restore(null)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
  await restore(null, 'create-or-replace')
  expect((await panel.call('files.lost', { server })).files).toEqual([])
})

test('a history goes with a file that gets another name', async () => {
  await using stage = await withServer()
  const { panel, server } = stage
  await stage.write('a.txt', 'one')
  await panel.call('files.move', { server, moves: [{ from: 'a.txt', to: 'b.txt' }], replace: false })
  expect([(await stage.list('a.txt')).length, (await stage.list('b.txt')).length]).toEqual([0, 1])
})

test('no save fails because its history cannot be kept', async () => {
  await using stage = await withServer()
  // A directory stands where the index should be.
  mkdirSync(join(stage.volume, 'private/history/index.jsonl'), { recursive: true })
  await expect(stage.list('a.txt')).rejects.toMatchObject({ code: 'PATH_INVALID' })
  expect(await stage.write('a.txt', 'one')).toMatchObject({ sizeBytes: 3 })
  expect(statSync(join(stage.volume, 'data-1/a.txt')).size).toBe(3)
})

test('history gives way before a write fails', async () => {
  await using stage = await withServer({ limits: { ...LIMITS, diskMiB: 1 } })
  const { panel, server } = stage
  const noise = (length: number) => randomBytes(length).toString('hex')
  await stage.write('a.txt', noise(100_000))
  await stage.write('a.txt', noise(100_000))
  expect((await stage.list('a.txt')).length).toBe(2)
  await stage.write('b.txt', noise(380_000).slice(0, 740_000))
  await panel.call('files.forgetHistory', { server, path: 'b.txt' })
  expect((await stage.list('a.txt')).length).toBeLessThan(2)
})
