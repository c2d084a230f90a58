import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { newOperation } from '../testing/server-spec.ts'
import { TestAgent } from '../testing/test-agent.ts'

const NOTHING = { ifRevision: null, mode: 'create-or-replace' } as const

async function withServer(change: Parameters<TestAgent['installed']>[0] = {}) {
  const agent = await TestAgent.start()
  const { id: server } = await agent.installed(change)
  const { panel } = agent
  const data = join(agent.dataDirectory, 'volumes', server, 'data-1')
  return {
    agent,
    panel,
    server,
    data,
    async read(path: string, part: { offset?: number; length?: number | null; ifRevision?: number | null } = {}) {
      const { offset = 0, length = null, ifRevision = null } = part
      const ticket = panel.ticket()
      await panel.call('files.read', { server, path, offset, length, ifRevision, ticket: ticket.id })
      return buffer((await ticket.opened).receive())
    },
    async write(path: string, content: Uint8Array, options: Partial<typeof NOTHING | { mode: 'create' }> = {}) {
      const ticket = panel.ticket()
      const answer = panel.call('files.write', { server, path, ...NOTHING, ...options, ticket: ticket.id })
      const sent = ticket.opened.then((stream) =>
        stream.send(async function* (offset) {
          yield content.subarray(offset)
        }),
      )
      // A refusal of the call is what counts; the stream ends with it.
      sent.catch(() => ticket.cancel())
      answer.catch(() => ticket.cancel())
      return (await answer).entry
    },
    async [Symbol.asyncDispose]() {
      await agent[Symbol.asyncDispose]()
    },
  }
}

describe('files over the link', () => {
  test('content travels on data sockets, names and everything else in answers', async () => {
    await using stage = await withServer()
    const { panel, server, data } = stage
    const content = Buffer.alloc(3_000_000, 'abc')
    const entry = await stage.write('world/level.dat', content)
    expect(entry).toMatchObject({ name: 'level.dat', sizeBytes: content.length })
    expect(readFileSync(join(data, 'world/level.dat')).equals(content)).toBe(true)
    expect((await stage.read('world/level.dat')).equals(content)).toBe(true)
    expect((await stage.read('world/level.dat', { offset: 5, length: 4 })).toString()).toBe('cabc')
    expect(panel.dataSockets).toBe(3)
    const { entries, total } = await panel.call('files.list', { server, path: '', sort: 'name', offset: 0, limit: 10 })
    expect([entries.map(({ name }) => name), total]).toEqual([['world'], 1])
    const checksum = await panel.call('files.checksum', { server, path: 'world/level.dat', algorithm: 'crc32' })
    expect(checksum.checksum).toMatch(/^[0-9a-f]{8}$/)
  })

  test('another revision than the one that was seen is neither read nor replaced', async () => {
    await using stage = await withServer()
    const { revision } = await stage.write('a.txt', Buffer.from('one'))
    await stage.write('a.txt', Buffer.from('two'))
    await expect(stage.read('a.txt', { ifRevision: revision })).rejects.toMatchObject({ code: 'REVISION_MISMATCH' })
    await expect(stage.write('a.txt', Buffer.from('x'), { mode: 'create' })).rejects.toMatchObject({
      code: 'FILE_EXISTS',
    })
    expect((await stage.read('a.txt')).toString()).toBe('two')
  })

  test('what the egg protects is protected over the link', async () => {
    await using stage = await withServer({ fileDenylist: ['*.key'] })
    writeFileSync(join(stage.data, 'a.key'), 'secret')
    await expect(stage.read('a.key')).rejects.toMatchObject({ code: 'FILE_PROTECTED' })
    await expect(stage.write('b.key', Buffer.from('x'))).rejects.toMatchObject({ code: 'FILE_PROTECTED' })
  })

  test('a server gets no more than its disk holds, and the trash gives way first', async () => {
    const limits = { memoryMiB: 64, swapMiB: 0, diskMiB: 2, cpuPercent: 100, cpuPinning: null, ioWeight: 500, pids: 64 }
    await using stage = await withServer({ limits })
    const { panel, server } = stage
    await stage.write('a', Buffer.alloc(1_200_000))
    await expect(stage.write('b', Buffer.alloc(1_200_000))).rejects.toMatchObject({ code: 'DISK_FULL' })
    const { entry } = await panel.call('files.stat', { server, path: 'b' })
    expect(entry).toBeNull()
    await panel.call('files.delete', { server, paths: ['a'], isPermanent: false })
    expect((await panel.call('trash.list', { server })).items).toHaveLength(1)
    await stage.write('b', Buffer.alloc(1_200_000))
    expect((await panel.call('trash.list', { server })).items).toEqual([])
  })

  test('an upload goes on after a lost connection, and belongs to who began it', async () => {
    await using stage = await withServer()
    const { panel, server, data, agent } = stage
    const upload = randomUUID()
    const begin = { server, upload, owner: 'me', path: 'big.bin', sizeBytes: 8, mode: 'create' } as const
    await panel.call('uploads.begin', begin)
    const append = async (offset: number, text: string) => {
      const ticket = panel.ticket()
      const answer = panel.call('uploads.append', { server, upload, owner: 'me', offset, ticket: ticket.id })
      const stream = await ticket.opened
      await stream.send(async function* () {
        yield Buffer.from(text)
      })
      return answer
    }
    expect((await append(0, 'half')).offset).toBe(4)
    await agent.stop()
    await agent.start()
    await expect(panel.call('uploads.read', { server, upload, owner: 'you' })).rejects.toMatchObject({
      code: 'UPLOAD_NOT_FOUND',
    })
    expect((await panel.call('uploads.read', { server, upload, owner: 'me' })).offset).toBe(4)
    await append(4, 'full')
    await panel.call('uploads.finish', { server, upload, owner: 'me' })
    expect(readFileSync(join(data, 'big.bin'), 'utf8')).toBe('halffull')
  })

  test('several paths are done one by one, and each failure is named', async () => {
    await using stage = await withServer()
    const { panel, server, data } = stage
    mkdirSync(join(data, 'dir'))
    for (const name of ['a', 'b']) writeFileSync(join(data, name), name)
    const moves = [
      { from: 'a', to: 'dir/a' },
      { from: 'none', to: 'dir/none' },
      { from: 'b', to: 'dir/b' },
    ]
    expect(await panel.call('files.move', { server, moves, replace: false })).toMatchObject({
      done: 2,
      failures: [{ path: 'none', error: { code: 'FILE_NOT_FOUND' } }],
    })
    await panel.call('files.delete', { server, paths: ['dir'], isPermanent: false })
    const { items } = await panel.call('trash.list', { server })
    await panel.call('trash.restore', { server, items: [{ id: items[0]!.id, path: null }] })
    expect(readFileSync(join(data, 'dir/b'), 'utf8')).toBe('b')
  })

  test('archives are packed and unpacked as jobs that tell how they end', async () => {
    await using stage = await withServer()
    const { panel, server, data } = stage
    mkdirSync(join(data, 'world'))
    writeFileSync(join(data, 'world/level.dat'), 'level')
    const packing = newOperation()
    const what = { server, directory: '', names: ['world'], to: 'world.zip', format: 'zip' as const }
    await panel.call('files.pack', { ...what, ...packing })
    expect(await panel.untilFinished(packing.operation)).toMatchObject({ status: 'succeeded', error: null })
    // The same call again is the same work, and is not done again.
    await panel.call('files.pack', { ...what, ...packing })

    const unpacking = newOperation()
    await panel.call('files.unpack', { server, path: 'world.zip', to: 'copy', replace: false, ...unpacking })
    expect(await panel.untilFinished(unpacking.operation)).toMatchObject({ status: 'succeeded' })
    expect(readFileSync(join(data, 'copy/world/level.dat'), 'utf8')).toBe('level')

    const broken = newOperation()
    await panel.call('files.unpack', { server, path: 'world/level.dat', to: 'x', replace: false, ...broken })
    expect(await panel.untilFinished(broken.operation)).toMatchObject({
      status: 'failed',
      error: { code: 'ARCHIVE_UNSUPPORTED' },
    })
    const copying = newOperation()
    await panel.call('files.copy', { server, from: 'copy', to: 'again', ...copying })
    await panel.untilFinished(copying.operation)
    expect(readFileSync(join(data, 'again/world/level.dat'), 'utf8')).toBe('level')
  })

  test('a job is cancelled in the middle, and leaves nothing', async () => {
    await using stage = await withServer()
    const { panel, server, data } = stage
    mkdirSync(join(data, 'world'))
    for (let file = 0; file < 400; file++) writeFileSync(join(data, `world/${file}`), Buffer.alloc(200_000, file))
    const packing = newOperation()
    const what = { server, directory: '', names: ['world'], to: 'world.tar.gz', format: 'tar.gz' as const }
    await panel.call('files.pack', { ...what, ...packing })
    await panel.call('operation.cancel', { operation: packing.operation })
    expect(await panel.untilFinished(packing.operation)).toMatchObject({ status: 'cancelled' })
    expect((await panel.call('files.stat', { server, path: 'world.tar.gz' })).entry).toBeNull()
    await expect(panel.call('operation.cancel', { operation: packing.operation })).rejects.toMatchObject({
      code: 'OPERATION_FINISHED',
    })
  })

  test('a download that nobody takes holds up no console line', async () => {
    await using stage = await withServer()
    const { panel, server, agent } = stage
    await stage.write('big.bin', Buffer.alloc(8_000_000, 1))
    const ticket = panel.ticket()
    await panel.call('files.read', {
      server,
      path: 'big.bin',
      offset: 0,
      length: null,
      ifRevision: null,
      ticket: ticket.id,
    })
    const stream = await ticket.opened
    const pieces = stream.receive()
    // The window is full, and nobody asks for more.
    await pieces.next()
    await agent.power(server, 'start')
    await panel.untilState(server, 'running')
    for (let line = 0; line < 200; line++) {
      await panel.call('server.command', {
        server,
        command: `line ${line}`,
        operation: randomUUID(),
        requestedBy: 'test',
        lifetimeMs: null,
      })
    }
    await panel.untilLine('got line 199')
    expect(panel.skipped).toBe(0)
    // Most of the file has not left the agent: the consumer grants what may travel.
    expect(stream.offset).toBeLessThan(1_000_000)
    stream.close('enough')
  }, 30_000)
})
