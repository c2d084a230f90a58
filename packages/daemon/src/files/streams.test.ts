import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { chown, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createWriteStream } from 'node:fs'
import type { FileTree } from '@hatchery/core/runtime'
import { describe, expect, test } from 'vitest'
import { FilesProcesses, createLocalFileTree } from './index.ts'

interface Stage extends AsyncDisposable {
  readonly tree: FileTree
  readonly root: string
  readonly directory: string
  readonly privateRoot: string
}

const owner =
  process.getuid?.() === 0 ? { uid: 70_005, gid: 70_006 } : { uid: process.getuid!(), gid: process.getgid!() }

/** The same tree twice: in this process and in one of its own. */
const KINDS: readonly (readonly [string, () => Promise<Stage>])[] = [
  ['in this process', () => createStage((options) => ({ tree: createLocalFileTree(options) }))],
  [
    'in a files process',
    () =>
      createStage((options) => {
        const processes = new FilesProcesses({ onError: (_server, text) => console.error(text) })
        const { server, root, privateRoot } = options
        const volume = { server, version: 1, dataDirectory: root, privateDirectory: privateRoot }
        return { tree: processes.treeOf(volume, owner), dispose: () => processes[Symbol.asyncDispose]() }
      }),
  ],
]

type TreeOptions = Parameters<typeof createLocalFileTree>[0]

async function createStage(
  treeOf: (options: TreeOptions) => { readonly tree: FileTree; dispose?: () => Promise<void> },
): Promise<Stage> {
  const directory = await mkdtemp(join(tmpdir(), 'streams-'))
  const [root, privateRoot] = [join(directory, 'data'), join(directory, 'private')]
  for (const path of [root, privateRoot]) {
    await mkdir(path)
    await chown(path, owner.uid, owner.gid)
  }
  const { tree, dispose } = treeOf({ server: randomUUID(), root, privateRoot, ...owner })
  return {
    tree,
    root,
    directory,
    privateRoot,
    async [Symbol.asyncDispose]() {
      await dispose?.()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function fill(root: string): Promise<Readonly<Record<string, Buffer>>> {
  const files = {
    'world/level.dat': randomBytes(3_000_000),
    'world/region/r.0.0.mca': Buffer.alloc(500_000, 7),
    'world/ä b.txt': Buffer.from('text'),
    'plugins/a.jar': randomBytes(1000),
    'secret.key': Buffer.from('secret'),
  }
  for (const [path, bytes] of Object.entries(files)) {
    await mkdir(join(root, path, '..'), { recursive: true })
    await writeFile(join(root, path), bytes)
  }
  return files
}

const UNPACK = {
  zip: (archive: string, to: string) => execFileSync('unzip', ['-q', archive, '-d', to]),
  tar: (archive: string, to: string) => execFileSync('tar', ['-xf', archive, '-C', to]),
  'tar.gz': (archive: string, to: string) => execFileSync('tar', ['-xzf', archive, '-C', to]),
  'tar.zst': (archive: string, to: string) => execFileSync('tar', ['--zstd', '-xf', archive, '-C', to]),
} as const

const NEEDS = { zip: 'unzip', tar: 'tar', 'tar.gz': 'gzip', 'tar.zst': 'zstd' } as const
const isThere = (program: string) => spawnSync('which', [program]).status === 0
const formats = (['zip', 'tar', 'tar.gz', 'tar.zst'] as const).filter((format) => isThere(NEEDS[format]))
if (formats.length < 4)
  console.log(`skipped: streamed archives other than ${formats.join(', ')} (unzip or zstd is not there)`)

describe.each(KINDS)('an archive that is packed while it is sent, %s', (_kind, open) => {
  test.each(formats)('as %s is what programs unpack', async (format) => {
    await using stage = await open()
    const files = await fill(stage.root)
    const archive = join(stage.directory, `a.${format}`)
    const tree = stage.tree.protecting(['*.key'])
    const names = ['world', 'plugins', 'secret.key']
    await pipeline(tree.packStream({ directory: '', names, format }), createWriteStream(archive))

    const out = join(stage.directory, 'out')
    await mkdir(out)
    UNPACK[format](archive, out)
    expect((await readdir(out)).toSorted()).toEqual(['plugins', 'world'])
    for (const [path, bytes] of Object.entries(files)) {
      if (path !== 'secret.key') expect((await readFile(join(out, path))).equals(bytes), path).toBe(true)
    }
    // Nothing was written beside it.
    expect(await readdir(stage.privateRoot)).toEqual([])
  })

  test('says that a name is missing before anything comes', async () => {
    await using stage = await open()
    const pieces = stage.tree.packStream({ directory: '', names: ['gone'], format: 'zip' })
    await expect(pieces[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
    await symlink('/etc', join(stage.root, 'out'))
    const outside = stage.tree.packStream({ directory: 'out', names: ['passwd'], format: 'zip' })
    await expect(outside[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'PATH_OUTSIDE' })
  })

  test('works no further when nobody takes it, and ends when the taker goes', async () => {
    await using stage = await open()
    await fill(stage.root)
    for (const leave of ['return', 'abort'] as const) {
      const abort = new AbortController()
      const options = { directory: '', names: ['world', 'plugins'], format: 'tar' as const, signal: abort.signal }
      const pieces = stage.tree.packStream(options)[Symbol.asyncIterator]()
      expect((await pieces.next()).done).toBe(false)
      if (leave === 'abort') {
        abort.abort(new Error('gone'))
        await expect(drain(pieces)).rejects.toThrow()
      } else await pieces.return?.()
    }
    // It is still there for others.
    expect((await stage.tree.list('')).total).toBe(3)
  })
})

async function drain(pieces: AsyncIterator<unknown>): Promise<void> {
  while ((await pieces.next()).done !== true);
}

describe.each(KINDS)('a directory that is watched, %s', (_kind, open) => {
  test('tells what others make, change, rename and remove', async () => {
    await using stage = await open()
    await mkdir(join(stage.root, 'd'))
    const abort = new AbortController()
    const changes = stage.tree.watch('d', { signal: abort.signal })[Symbol.asyncIterator]()
    expect(await changes.next()).toEqual({ value: [], done: false })
    const told = async (what: () => Promise<unknown>, name: string) => {
      await what()
      for (;;) {
        const { value } = await changes.next()
        if (value === null || value?.includes(name)) return
      }
    }
    const file = join(stage.root, 'd', 'a')
    await told(() => writeFile(file, '1'), 'a')
    await told(() => writeFile(file, '22'), 'a')
    await told(() => rename(file, `${file}b`), 'ab')
    await told(() => rm(`${file}b`), 'ab')
    abort.abort(new Error('enough'))
    await changes.return?.()
  })

  test('ends when it is gone, and says so once', async () => {
    await using stage = await open()
    await mkdir(join(stage.root, 'd'))
    const changes = stage.tree.watch('d')[Symbol.asyncIterator]()
    await changes.next()
    await rm(join(stage.root, 'd'), { recursive: true })
    const last: unknown[] = []
    for (let next = await changes.next(); next.done !== true; next = await changes.next()) last.push(next.value)
    expect(last.at(-1)).toBeNull()
  })

  test('is the one that was found, whatever becomes of its name', async () => {
    await using stage = await open()
    await mkdir(join(stage.root, 'd'))
    await mkdir(join(stage.directory, 'outside'))
    const changes = stage.tree.watch('d')[Symbol.asyncIterator]()
    await changes.next()
    await rename(join(stage.root, 'd'), join(stage.root, 'e'))
    await symlink(join(stage.directory, 'outside'), join(stage.root, 'd'))
    await writeFile(join(stage.directory, 'outside', 'not-told'), '')
    const told: (readonly string[] | null)[] = []
    for (let next = await changes.next(); next.done !== true; next = await changes.next()) told.push(next.value)
    expect(told).toEqual([null])
    const outside = stage.tree.watch('d')[Symbol.asyncIterator]()
    await expect(outside.next()).rejects.toMatchObject({ code: 'PATH_OUTSIDE' })
  })
})
