import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { describeVolumes } from '@hatchery/core/conformance'
import { createBtrfsDriver } from './btrfs-driver.ts'
import { chooseDriver, createDirectoryVolumes } from './index.ts'
import { imageDriver } from './image-driver.ts'
import type { VolumeDriver } from './volume-driver.ts'

const run = promisify(execFile)
const owner = { uid: 70_005, gid: 70_006 }
const MIB = 1024 * 1024
const isThere = (program: string) =>
  ['/usr/bin', '/usr/sbin', '/sbin'].some((place) => existsSync(join(place, program)))
const hasLoops = process.getuid?.() === 0 && existsSync('/dev/loop-control') && isThere('setpriv')
const canMount = hasLoops && isThere('mkfs.ext4')
const hasBtrfs = hasLoops && isThere('mkfs.btrfs')
if (!canMount) console.log('skipped: volumes in images (they need root, loop devices and e2fsprogs)')
if (!hasBtrfs) console.log('skipped: volumes on btrfs (they need root, loop devices and btrfs-progs)')
const timeout = 60_000

/** Writes as the tenant: nothing that only root may do. */
async function writeAsTenant(file: string, bytes: number): Promise<void> {
  const script = 'mkdir -p "$(dirname "$1")" && head -c "$2" /dev/zero >"$1"'
  await asTenant('sh', '-c', script, 'sh', file, String(bytes))
}

function asTenant(...command: string[]) {
  const identity = ['--reuid', String(owner.uid), '--regid', String(owner.gid), '--clear-groups']
  return run('setpriv', [...identity, ...command])
}

async function createHarness(kind: 'btrfs' | 'image') {
  const directory = await mkdtemp(join(tmpdir(), 'volume-drivers-'))
  await run('chmod', ['755', directory])
  const root = join(directory, 'volumes')
  await mkdir(root)
  if (kind === 'btrfs') {
    await writeFile(`${root}.img`, '')
    await truncate(`${root}.img`, 1024 * MIB)
    await run('mkfs.btrfs', ['-q', `${root}.img`])
    await run('mount', ['-o', 'loop', `${root}.img`, root])
  }
  const driver: VolumeDriver = kind === 'btrfs' ? await createBtrfsDriver(root, { commitEveryMs: 0 }) : imageDriver
  const volumes = createDirectoryVolumes({ root, driver })
  return {
    root,
    volumes,
    owner,
    serverId: () => randomUUID() as string,
    async write(server: string, path: string, bytes: number) {
      await writeAsTenant(join((await volumes.find(server))!.dataDirectory, path), bytes)
    },
    async [Symbol.asyncDispose]() {
      for (const server of await volumes.list()) await volumes.remove(server)
      if (kind === 'btrfs') await run('umount', [root])
      await rm(directory, { recursive: true, force: true })
    },
  }
}

for (const kind of ['btrfs', 'image'] as const) {
  const isPossible = kind === 'btrfs' ? hasBtrfs : canMount
  describe.runIf(isPossible)(kind, { timeout }, () => {
    describeVolumes({ describe, test }, kind, () => createHarness(kind))

    test('is found again after the machine has started', async () => {
      await using harness = await createHarness(kind)
      const server = randomUUID()
      const { dataDirectory } = await harness.volumes.create(server, owner, 64 * MIB)
      await harness.write(server, 'world', MIB)
      if (kind === 'image') await run('umount', [join(harness.root, server)])
      const again = createDirectoryVolumes({
        root: harness.root,
        driver: kind === 'image' ? imageDriver : await createBtrfsDriver(harness.root),
      })
      expect(await again.list()).toEqual([server])
      expect((await again.find(server))?.dataDirectory).toBe(dataDirectory)
      expect(await readdir(dataDirectory)).toEqual(['world'])
    })

    test('what is full can be made empty again', async () => {
      await using harness = await createHarness(kind)
      const server = randomUUID()
      const { dataDirectory } = await harness.volumes.create(server, owner, 64 * MIB)
      await expect(harness.write(server, 'world', 100 * MIB)).rejects.toThrow()
      await harness.volumes.limit(server, 33 * MIB)
      await asTenant('rm', join(dataDirectory, 'world'))
      expect(await harness.volumes.usage(server)).toBeLessThan(4 * MIB)
      await harness.write(server, 'another', 20 * MIB)
    })

    test('leaves a directory that was there before as it is', async () => {
      await using harness = await createHarness(kind)
      const server = randomUUID()
      const plain = createDirectoryVolumes({ root: harness.root })
      const { dataDirectory } = await plain.create(server, owner)
      await writeAsTenant(join(dataDirectory, 'world'), MIB)
      await harness.volumes.create(server, owner, 64 * MIB)
      await harness.volumes.limit(server, 32 * MIB)
      expect(await readdir(dataDirectory)).toEqual(['world'])
      expect(await harness.volumes.usage(server)).toBeGreaterThanOrEqual(MIB)
      await harness.volumes.remove(server)
      expect(existsSync(dataDirectory)).toBe(false)
    })

    test('nothing in it gains rights or is a device', async () => {
      await using harness = await createHarness(kind)
      const { dataDirectory } = await harness.volumes.create(randomUUID(), owner, 64 * MIB)
      await expect(asTenant('mknod', join(dataDirectory, 'disk'), 'b', '7', '0')).rejects.toThrow()
      if (kind !== 'image') return
      const mounts = await readFile('/proc/self/mountinfo', 'utf8')
      const mine = mounts.split('\n').find((line) => line.includes(`${dirname(dataDirectory)} `))
      expect(mine).toMatch(/ rw,nosuid,nodev,/)
    })
  })
}

test.runIf(hasBtrfs)(
  'a subvolume that a tenant makes inside its own comes under the limit, and goes with it',
  { timeout },
  async () => {
    await using harness = await createHarness('btrfs')
    const server = randomUUID()
    const { dataDirectory } = await harness.volumes.create(server, owner, 64 * MIB)
    const [outer, inner] = [join(dataDirectory, 'outer'), join(dataDirectory, 'outer/inner')]
    await asTenant('btrfs', 'subvolume', 'create', outer)
    await asTenant('btrfs', 'subvolume', 'create', inner)
    await writeAsTenant(join(inner, 'first'), 40 * MIB)
    // Counting finds what has been withdrawn from it.
    expect(await harness.volumes.usage(server)).toBeGreaterThanOrEqual(40 * MIB)
    await expect(writeAsTenant(join(inner, 'second'), 40 * MIB)).rejects.toThrow(/quota/i)
    await harness.volumes.remove(server)
    expect(await harness.volumes.list()).toEqual([])
    expect((await run('btrfs', ['subvolume', 'list', harness.root])).stdout).toBe('')
  },
)

test('says which driver it takes, and why; one that cannot work is refused', async () => {
  const root = await mkdtemp(join(tmpdir(), 'volume-drivers-'))
  const { driver, reason } = await chooseDriver(root, 'auto')
  expect([driver.name, reason]).toEqual(['directory', 'the volumes do not lie on btrfs'])
  await expect(chooseDriver(root, 'btrfs')).rejects.toThrow('on a btrfs file system')
  await rm(root, { recursive: true })
})
