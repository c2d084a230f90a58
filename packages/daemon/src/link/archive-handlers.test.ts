import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { rarOf } from '../files/archives/test-rar.ts'
import { newOperation } from '../testing/server-spec.ts'
import { TestAgent } from '../testing/test-agent.ts'

async function withArchives(change: Parameters<TestAgent['installed']>[0] = {}) {
  const agent = await TestAgent.start()
  const { id: server } = await agent.installed(change)
  const { panel } = agent
  const data = join(agent.dataDirectory, 'volumes', server, 'data-1')
  mkdirSync(data, { recursive: true })
  for (const [name, content] of [
    ['x.rar', rarOf({ 'world/level.txt': 'content of the level', 'b.txt': 'b' })],
    ['latest.log.gz', gzipSync('line\n'.repeat(100_000))],
  ] as const) {
    writeFileSync(join(data, name), content)
    chmodSync(join(data, name), 0o644)
  }
  return {
    agent,
    panel,
    server,
    data,
    async member(member: string, offset = 0, length: number | null = null, ifRevision: number | null = null) {
      const ticket = panel.ticket()
      const part = { offset, length, ifRevision, ticket: ticket.id }
      const { entry } = await panel.call('files.archiveRead', { server, path: 'x.rar', member, ...part })
      return { entry, bytes: await buffer((await ticket.opened).receive()) }
    },
    [Symbol.asyncDispose]: () => agent[Symbol.asyncDispose](),
  }
}

test('archives are listed and read over the link, through the process of the server itself', async () => {
  await using stage = await withArchives()
  const { panel, server } = stage
  const at = { server, path: 'x.rar', offset: 0, limit: 10 }
  const top = await panel.call('files.archiveList', { ...at, directory: '' })
  expect(top).toMatchObject({ total: 2, members: [{ name: 'world', type: 'directory' }, { name: 'b.txt' }] })
  const inner = await panel.call('files.archiveList', { ...at, directory: 'world' })
  expect(inner.members).toMatchObject([{ name: 'level.txt', sizeBytes: 20 }])

  const whole = await stage.member('world/level.txt')
  expect(whole.bytes.toString()).toBe('content of the level')
  expect(whole.entry).toMatchObject({ name: 'level.txt', sizeBytes: 20, revision: top.revision })
  expect((await stage.member('world/level.txt', 11, 3)).bytes.toString()).toBe('the')
  await expect(stage.member('world/level.txt', 0, null, top.revision + 1)).rejects.toMatchObject({
    code: 'REVISION_MISMATCH',
  })
  await expect(stage.member('none')).rejects.toMatchObject({ code: 'ARCHIVE_MEMBER_NOT_FOUND' })
})

test('the beginning of a compressed log comes as text', async () => {
  await using stage = await withArchives()
  const read = async (maxBytes: number) => {
    const ticket = stage.panel.ticket()
    const what = { server: stage.server, path: 'latest.log.gz', maxBytes, ifRevision: null, ticket: ticket.id }
    const answer = await stage.panel.call('files.decompress', what)
    return { ...answer, bytes: await buffer((await ticket.opened).receive()) }
  }
  const begin = await read(12)
  expect([begin.bytes.toString(), begin.isTruncated, begin.sizeBytes]).toEqual(['line\nline\nli', true, 12])
  const whole = await read(500_000)
  expect([whole.bytes.length, whole.isTruncated]).toEqual([500_000, false])
})

test('members alone are unpacked as a job', async () => {
  await using stage = await withArchives()
  const { panel, server, data } = stage
  const operation = newOperation()
  const what = { server, path: 'x.rar', to: 'out', replace: false, members: ['world'] }
  await panel.call('files.unpack', { ...what, ...operation })
  expect(await panel.untilFinished(operation.operation)).toMatchObject({ status: 'succeeded' })
  expect(readFileSync(join(data, 'out/world/level.txt'), 'utf8')).toBe('content of the level')
  expect(() => readFileSync(join(data, 'out/b.txt'))).toThrow('ENOENT')
})

test('what the egg protects is not shown from inside either', async () => {
  await using stage = await withArchives({ fileDenylist: ['*.rar'] })
  await expect(stage.member('b.txt')).rejects.toMatchObject({ code: 'FILE_PROTECTED' })
})
