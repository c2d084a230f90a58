import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { describeFileTree } from '@hatchery/core/conformance'
import { bytesFromName, nameFromBytes } from '@hatchery/core/runtime'
import { createLocalFileTree } from './index.ts'

async function createHarness() {
  const directory = await mkdtemp(join(tmpdir(), 'runtimes-files-'))
  const root = join(directory, 'data')
  const secret = join(directory, 'secret')
  await mkdir(root)
  await writeFile(secret, 'secret')
  return {
    root,
    tree: createLocalFileTree({
      server: randomUUID(),
      root,
      privateRoot: join(directory, 'private'),
      uid: 70_003,
      gid: 70_004,
    }),
    link: (path: string, target: string) => symlink(target, join(root, path)),
    outside: { path: secret, isUntouched: async () => (await readFile(secret, 'utf8')) === 'secret' },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  }
}

describeFileTree({ describe, test }, 'local', createHarness)

test('gives files and directories that it makes to the server, with plain permissions', async () => {
  await using harness = await createHarness()
  await harness.tree.write('a/b/file', new Uint8Array())
  const owner = process.getuid?.() === 0 ? [70_003, 70_004] : [process.getuid!(), process.getgid!()]
  for (const [path, mode] of [
    ['a', 0o755],
    ['a/b', 0o755],
    ['a/b/file', 0o644],
  ] as const) {
    const info = await stat(join(harness.root, path))
    expect([info.uid, info.gid, info.mode & 0o7777]).toEqual([...owner, mode])
  }
})

test('keeps the mode of a file that it replaces, but never setuid', async () => {
  await using harness = await createHarness()
  await writeFile(join(harness.root, 'run.sh'), '')
  await (await import('node:fs/promises')).chmod(join(harness.root, 'run.sh'), 0o4755)
  await harness.tree.write('run.sh', new Uint8Array([1]))
  expect((await stat(join(harness.root, 'run.sh'))).mode & 0o7777).toBe(0o755)
})

test('names of any bytes come back as they were', () => {
  const names = [
    [0xff],
    [0x61, 0xc3, 0x28],
    [0xc3, 0xa9],
    [0xed, 0xa0, 0x80],
    [0xf0, 0x9f, 0x98],
    [0xef, 0xbf, 0xbd],
    [0xff, 0xef, 0xbf, 0xbd],
  ]
  for (const bytes of names.map((name) => Buffer.from(name))) {
    expect(bytesFromName(nameFromBytes(bytes))).toEqual(bytes)
    expect(JSON.parse(JSON.stringify(nameFromBytes(bytes)))).toBe(nameFromBytes(bytes))
  }
})
