import { randomBytes, randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { AppError } from '@hatchery/core/errors'
import type { DataStream } from '@hatchery/core/protocol'
import { expect, test } from 'vitest'
import { createLocalFileTree } from '../files/index.ts'
import { DiskQuota } from './disk-quota.ts'
import { receiveFiles } from './receive-files.ts'
import type { OpenServer } from './server-files.ts'

const LARGE = randomBytes(2_000_000)

async function createStage(limitMiB = 0) {
  const directory = await mkdtemp(join(tmpdir(), 'receive-'))
  const owner = { uid: process.getuid!(), gid: process.getgid!() }
  const treeAt = async (name: string) => {
    await mkdir(join(directory, name))
    const places = { root: join(directory, name), privateRoot: join(directory, `${name}-private`) }
    return createLocalFileTree({ server: randomUUID(), ...places, ...owner })
  }
  const [source, tree] = [await treeAt('source'), await treeAt('target')]
  await source.write('world/level.dat', LARGE)
  await source.write('world/small.txt', Buffer.from('small'))
  const tar = await buffer(source.packStream({ directory: '', names: ['world'], format: 'tar' }))
  const quota = new DiskQuota({
    server: tree.server,
    // As much of the volumes as a quota looks at.
    volumes: { usage: async () => 0 } as never,
    now: Date.now,
    limitMiB: () => limitMiB,
    free: async () => false,
  })
  const target = join(directory, 'target')
  return {
    tar,
    target,
    open: { server: tree.server, tree, quota, now: Date.now } satisfies OpenServer,
    left: () => readdir(join(directory, 'target-private', 'unpacked')),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  }
}

/** As much of a data stream as whoever receives uses. */
function streamOf(source: () => AsyncGenerator<Uint8Array, void, undefined>) {
  const state = { isClosed: false }
  const stream = {
    receive: source,
    close: () => void (state.isClosed = true),
    [Symbol.asyncDispose]: async () => void (state.isClosed = true),
  }
  return { state, stream: stream as unknown as DataStream }
}

const pieces = (bytes: Buffer) =>
  async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000)
  }

const request = { to: 'copied', replace: false, estimatedBytes: null }
const options = () => ({ signal: new AbortController().signal, report: () => undefined })

test('what comes is there when all of it has come', async () => {
  await using stage = await createStage()
  const seen: number[] = []
  let taken = 0
  const { stream, state } = streamOf(async function* () {
    for await (const piece of pieces(stage.tar)()) {
      // Not before the end.
      expect(await readdir(stage.target)).toEqual([])
      taken += piece.length
      yield piece
    }
  })
  await receiveFiles(
    stage.open,
    stream,
    { ...request, estimatedBytes: 1_000_000 },
    {
      ...options(),
      report: ({ current, total }) => {
        seen.push(current)
        expect(total).toBe(Math.max(current, 1_000_000))
      },
    },
  )
  expect((await readFile(join(stage.target, 'copied/world/level.dat'))).equals(LARGE)).toBe(true)
  expect([taken, state.isClosed, seen.at(-1), await stage.left()]).toEqual([stage.tar.length, true, 2_000_005, []])
})

test('what breaks off leaves nothing, wherever it breaks', async () => {
  await using stage = await createStage()
  // In a name, in a file, between two, and behind the last one.
  for (const at of [100, 1_000_000, 512 * 3, stage.tar.length - 700, stage.tar.length]) {
    const { stream, state } = streamOf(async function* () {
      yield* pieces(stage.tar.subarray(0, at))()
      throw new AppError('CONNECTION_LOST', { method: 'data stream' })
    })
    await expect(receiveFiles(stage.open, stream, request, options()), String(at)).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
    })
    expect([state.isClosed, await readdir(stage.target), await stage.left()]).toEqual([true, [], []])
  }
})

test('what is cancelled leaves nothing, and its sender is not listened to any more', async () => {
  await using stage = await createStage()
  const abort = new AbortController()
  let isReturned = false
  const { stream, state } = streamOf(async function* () {
    try {
      yield stage.tar.subarray(0, 1_000_000)
      abort.abort(new AppError('CANCELLED'))
      for (;;) yield Buffer.alloc(100_000)
    } finally {
      isReturned = true
    }
  })
  const work = receiveFiles(stage.open, stream, request, { signal: abort.signal, report: () => undefined })
  await expect(work).rejects.toMatchObject({ code: 'CANCELLED' })
  expect([isReturned, state.isClosed, await readdir(stage.target), await stage.left()]).toEqual([true, true, [], []])
})

test('what there is no room for is refused before anything is taken, or as soon as it is too much', async () => {
  await using stage = await createStage(1)
  const untouched = streamOf(() => {
    throw new Error('nobody should ask')
  })
  const estimated = { ...request, estimatedBytes: 3_000_000 }
  await expect(receiveFiles(stage.open, untouched.stream, estimated, options())).rejects.toMatchObject({
    code: 'DISK_FULL',
  })
  const { stream } = streamOf(pieces(stage.tar))
  await expect(receiveFiles(stage.open, stream, request, options())).rejects.toMatchObject({
    code: 'ARCHIVE_TOO_LARGE',
  })
  expect([await readdir(stage.target), await stage.left()]).toEqual([[], []])
})

test('what is protected stays as it is', async () => {
  await using stage = await createStage()
  await mkdir(join(stage.target, 'copied/world'), { recursive: true })
  await writeFile(join(stage.target, 'copied/world/small.txt'), 'mine')
  const open = { ...stage.open, tree: stage.open.tree.protecting(['small.txt']) }
  await receiveFiles(open, streamOf(pieces(stage.tar)).stream, { ...request, replace: true }, options())
  expect(await readFile(join(stage.target, 'copied/world/small.txt'), 'utf8')).toBe('mine')
  expect(await readdir(join(stage.target, 'copied/world'))).toEqual(['level.dat', 'small.txt'])
})
