import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Progress } from '@hatchery/core/runtime'
import { describe, expect, test, vi } from 'vitest'
import { createLocalFileTree } from '../files/index.ts'
import { createWebClient } from '../outbound/index.ts'
import { openTestWeb, PUBLIC_ADDRESS } from '../outbound/test-web.ts'
import { DiskQuota } from './disk-quota.ts'
import { Pulls, type PullRequest } from './pulls.ts'
import type { OpenServer } from './server-files.ts'

interface Job {
  readonly abort: AbortController
  readonly done: Promise<string>
}

async function createStage(listener: RequestListener, { limitMiB = 0, windowMs = 60_000, idleMs = 5_000 } = {}) {
  const web = await openTestWeb(listener)
  const directory = await mkdtemp(join(tmpdir(), 'pulls-'))
  const root = join(directory, 'data')
  await mkdir(root)
  const server = randomUUID()
  const owner = { uid: process.getuid!(), gid: process.getgid!() }
  const tree = createLocalFileTree({ server, root, privateRoot: join(directory, 'private'), ...owner })
  const quota = new DiskQuota({
    server,
    // As much of the volumes as a quota looks at.
    volumes: { usage: async () => bytesBelow(directory) } as never,
    now: Date.now,
    limitMiB: () => limitMiB,
    free: async () => false,
  })
  const open: OpenServer = { server, tree, quota, now: Date.now }
  const jobs: Job[] = []
  const progress: Progress[] = []
  const pulls = new Pulls({
    client: createWebClient({ allow: [PUBLIC_ADDRESS], idleMs }),
    pause: async () => undefined,
    windowMs,
    jobs: {
      begin(_operation, _server, _phase, work) {
        const abort = new AbortController()
        const done = work({ signal: abort.signal, report: (step) => progress.push(step) }).then(
          () => 'succeeded',
          (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error)),
        )
        jobs.push({ abort, done })
      },
    },
  })
  return {
    web,
    root,
    tree,
    progress,
    left: () => readdirSync(join(directory, 'private', 'unfinished')),
    begin(request: Partial<PullRequest> & { path?: string } = {}): Job {
      const { path = '/a.bin', ...rest } = request
      const url = `${web.origin}${path}`
      pulls.begin(open, { operation: randomUUID(), url, directory: '', replace: false, ...rest })
      return jobs.at(-1)!
    },
    async [Symbol.asyncDispose]() {
      for (const { abort, done } of jobs) {
        abort.abort()
        await done
      }
      await web[Symbol.asyncDispose]()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

function bytesBelow(directory: string): number {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true })
  return entries.reduce((sum, entry) => sum + lstatSync(join(entry.parentPath, entry.name)).size, 0)
}

const sum = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

describe('a file from the web', () => {
  test('comes whole, under the name that the other side gives, and tells how far it is', async () => {
    const bytes = randomBytes(3_000_000)
    await using stage = await createStage((_request, response) => {
      response.writeHead(200, {
        'content-length': bytes.length,
        'content-disposition': 'attachment; filename="../../plugin.jar"',
      })
      response.end(bytes)
    })
    expect(await stage.begin({ directory: 'plugins/new' }).done).toBe('succeeded')
    expect(sum(readFileSync(join(stage.root, 'plugins/new/plugin.jar')))).toBe(sum(bytes))
    expect(stage.progress.at(-1)).toEqual({
      current: bytes.length,
      total: bytes.length,
      unit: 'bytes',
      detail: 'plugin.jar',
    })
    expect(stage.left()).toEqual([])
  })

  test('is not decompressed, whatever is said about it', async () => {
    const packed = gzipSync(Buffer.alloc(5_000_000))
    await using stage = await createStage((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed)
    })
    expect(await stage.begin().done).toBe('succeeded')
    expect(readFileSync(join(stage.root, 'a.bin')).equals(packed)).toBe(true)
  })

  test('replaces another one only when that is wanted', async () => {
    await using stage = await createStage((_request, response) => void response.end('new'))
    await stage.tree.write('a.bin', Buffer.from('old'))
    expect(await stage.begin().done).toBe('FILE_EXISTS')
    expect(readFileSync(join(stage.root, 'a.bin'), 'utf8')).toBe('old')
    expect(await stage.begin({ replace: true }).done).toBe('succeeded')
    expect(readFileSync(join(stage.root, 'a.bin'), 'utf8')).toBe('new')
  })

  test('goes on where the connection broke, if it is still the same file', async () => {
    const bytes = randomBytes(2_000_000)
    let breaks = 0
    await using stage = await createStage((request, response) => {
      const at = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
      const isSame = request.headers['if-range'] === '"v1"'
      const headers = { etag: '"v1"', 'accept-ranges': 'bytes', 'content-length': bytes.length - at }
      if (at > 0 && isSame) {
        response.writeHead(206, { ...headers, 'content-range': `bytes ${at}-${bytes.length - 1}/${bytes.length}` })
      } else response.writeHead(200, headers)
      if (breaks++ < 3) response.write(bytes.subarray(at, at + 400_000), () => response.destroy())
      else response.end(bytes.subarray(at))
    })
    expect(await stage.begin().done).toBe('succeeded')
    expect(sum(readFileSync(join(stage.root, 'a.bin')))).toBe(sum(bytes))
    expect(stage.web.requests.length).toBe(4)
  })

  test('leaves nothing when it cannot be continued, or has become another one', async () => {
    for (const [etag, next] of [
      [undefined, undefined],
      ['"v1"', '"v2"'],
    ]) {
      let isFirst = true
      await using stage = await createStage((_request, response) => {
        const tag = isFirst ? etag : next
        response.writeHead(200, { ...(tag && { etag: tag }), 'content-length': 1_000_000 })
        if (isFirst) response.write(Buffer.alloc(1000), () => response.destroy())
        else response.end(Buffer.alloc(1_000_000))
        isFirst = false
      })
      expect(await stage.begin().done).toBe('PULL_FAILED')
      expect([readdirSync(stage.root), stage.left()]).toEqual([[], []])
    }
  })

  test('ends where the room ends, said or not', async () => {
    await using stage = await createStage(
      (request, response) => {
        if (request.url === '/said') return void response.writeHead(200, { 'content-length': 50_000_000 }).end()
        const more = () => {
          while (!response.destroyed && response.write(Buffer.alloc(64 * 1024)));
          if (!response.destroyed) response.once('drain', more)
        }
        return more()
      },
      { limitMiB: 4 },
    )
    expect(await stage.begin({ path: '/said' }).done).toBe('DISK_FULL')
    expect(await stage.begin({ path: '/endless' }).done).toBe('DISK_FULL')
    expect([readdirSync(stage.root), stage.left()]).toEqual([[], []])
  })

  test('that drips does not hold its place for ever', async () => {
    await using stage = await createStage(
      (_request, response) => {
        const drip = setInterval(() => response.write('x'), 10)
        response.once('close', () => clearInterval(drip))
      },
      { windowMs: 100 },
    )
    expect(await stage.begin().done).toBe('PULL_FAILED')
  })

  test('that stays silent ends', async () => {
    await using stage = await createStage((_request, response) => void response.write('x'), { idleMs: 50 })
    expect(await stage.begin().done).toBe('PULL_FAILED')
  })

  test('can be cancelled, and leaves nothing', async () => {
    await using stage = await createStage((_request, response) => void response.write('x'))
    const job = stage.begin()
    await vi.waitFor(() => expect(stage.progress.at(-1)?.current).toBe(1))
    job.abort.abort(new Error('cancelled'))
    expect(await job.done).not.toBe('succeeded')
    expect([readdirSync(stage.root), stage.left()]).toEqual([[], []])
  })

  test('of a private address is refused at once, and so is a fourth at the same time', async () => {
    await using stage = await createStage((_request, response) => void response.write('x'))
    expect(() => stage.begin({ url: 'http://169.254.169.254/latest/meta-data' })).toThrow(/169\.254\.169\.254/)
    for (const name of ['1', '2', '3']) stage.begin({ name })
    expect(() => stage.begin({ name: '4' })).toThrow(/3 files already/)
  })
})
