import { randomBytes, randomUUID } from 'node:crypto'
import { execFileSync, spawnSync } from 'node:child_process'
import { chown, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { FilesProcesses } from './files-processes.ts'

const owner =
  process.getuid?.() === 0 ? { uid: 70_003, gid: 70_004 } : { uid: process.getuid!(), gid: process.getgid!() }

async function createStage() {
  const directory = await mkdtemp(join(tmpdir(), 'archives-in-process-'))
  const [root, own] = [join(directory, 'data'), join(directory, 'private')]
  for (const path of [root, own]) {
    await mkdir(path, { mode: 0o700 })
    await chown(path, owner.uid, owner.gid)
  }
  const processes = new FilesProcesses({ onError: () => undefined })
  const volume = { server: randomUUID(), version: 1, dataDirectory: root, privateDirectory: own }
  return {
    root,
    tree: processes.treeOf(volume, owner),
    leftovers: async () => (await Promise.all((await readdir(own)).map((area) => readdir(join(own, area))))).flat(),
    async [Symbol.asyncDispose]() {
      await processes[Symbol.asyncDispose]()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

const has7z = spawnSync('which', ['7z']).status === 0

test.runIf(has7z)('unpacking a 7z ends when it is cancelled, and the process goes on with other work', async () => {
  await using stage = await createStage()
  await writeFile(join(stage.root, 'big.bin'), randomBytes(20_000_000))
  execFileSync('7z', ['a', '-bd', '-mx=1', 'x.7z', 'big.bin'], { cwd: stage.root, stdio: 'pipe' })
  const abort = new AbortController()
  const unpacking = stage.tree.unpack('x.7z', {
    to: 'out',
    replace: false,
    maxBytes: 1e9,
    signal: abort.signal,
    onProgress: ({ bytes }) => bytes > 0 && abort.abort(),
  })
  await expect(unpacking).rejects.toMatchObject({ code: 'CANCELLED' })
  expect(await stage.leftovers()).toEqual([])
  expect((await readdir(stage.root)).toSorted()).toEqual(['big.bin', 'x.7z'])

  await using open = await stage.tree.archives.open('x.7z', 'big.bin')
  expect((await open.stat()).sizeBytes).toBe(20_000_000)
  expect((await open.read(0, 1000)).length).toBe(1000)
})
