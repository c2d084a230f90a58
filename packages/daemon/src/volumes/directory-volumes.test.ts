import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chmod, lstat, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { describeVolumes } from '@hatchery/core/conformance'
import { createDirectoryVolumes } from './index.ts'

const isRoot = process.getuid?.() === 0
const owner = isRoot ? { uid: 70_005, gid: 70_006 } : { uid: process.getuid!(), gid: process.getgid!() }

async function createHarness() {
  const root = await mkdtemp(join(tmpdir(), 'runtimes-volumes-'))
  const volumes = createDirectoryVolumes({ root })
  return {
    root,
    volumes,
    owner,
    serverId: () => randomUUID() as string,
    async write(server: string, path: string, bytes: number) {
      const target = join((await volumes.find(server))!.dataDirectory, path)
      await mkdir(dirname(target), { recursive: true })
      await writeFile(target, Buffer.alloc(bytes, 1))
    },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  }
}

describeVolumes({ describe, test }, 'directory', createHarness)

test('keeps the data below a directory that the server can neither read nor write', async () => {
  await using harness = await createHarness()
  const server = randomUUID()
  const { dataDirectory } = await harness.volumes.create(server, owner)
  expect(dataDirectory).toBe(join(harness.root, server, 'data-1'))
  expect((await lstat(dirname(dataDirectory))).mode & 0o777).toBe(0o711)
  const data = await lstat(dataDirectory)
  expect([data.uid, data.gid, data.mode & 0o7777]).toEqual([owner.uid, owner.gid, 0o750])
})

test('normalising sets owners, takes setuid and setgid away, and follows no link', async () => {
  await using harness = await createHarness()
  const server = randomUUID()
  const { dataDirectory } = await harness.volumes.create(server, owner)
  const outside = join(harness.root, 'outside')
  await writeFile(outside, '')
  await chmod(outside, 0o4755)
  await mkdir(join(dataDirectory, 'shared'))
  await writeFile(join(dataDirectory, 'shared/tool'), '')
  await chmod(join(dataDirectory, 'shared/tool'), 0o6755)
  await chmod(join(dataDirectory, 'shared'), 0o2775)
  await symlink(outside, join(dataDirectory, 'link'))
  if (isRoot) execFileSync('mknod', [join(dataDirectory, 'device'), 'c', '1', '3'])

  await harness.volumes.normalise(server, owner)

  for (const [path, mode] of [
    ['shared', 0o775],
    ['shared/tool', 0o755],
  ] as const) {
    const info = await lstat(join(dataDirectory, path))
    expect([info.uid, info.gid, info.mode & 0o7777]).toEqual([owner.uid, owner.gid, mode])
  }
  expect((await lstat(join(dataDirectory, 'link'))).uid).toBe(owner.uid)
  const untouched = await lstat(outside)
  expect([untouched.uid, untouched.mode & 0o7777]).toEqual([process.getuid!(), 0o4755])
  await expect(lstat(join(dataDirectory, 'device'))).rejects.toThrow('ENOENT')
})

test('refuses what is no server id, so that no path leads elsewhere', async () => {
  await using harness = await createHarness()
  for (const server of ['..', 'a/b', '']) await expect(harness.volumes.find(server)).rejects.toThrow('not a server id')
})
