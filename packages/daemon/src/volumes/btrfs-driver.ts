import { statfs, stat } from 'node:fs/promises'
import { directoryDriver, isThere } from './directory-driver.ts'
import { runTool } from './run-tool.ts'
import type { VolumeDriver } from './volume-driver.ts'

/** `BTRFS_SUPER_MAGIC` of statfs(2). */
const BTRFS = 0x9123683e
/** Inode of every subvolume's top directory: `BTRFS_FIRST_FREE_OBJECTID`. */
const TOP_INODE = 256
/** Level of our groups; others of the machine's may lie in between. */
const LEVEL = 4711

export interface BtrfsDriverOptions {
  /**
   * What is written counts when the file system commits, by itself every half minute. It is asked to commit before counting, but
   * no more often than this. @default 10_000
   */
  readonly commitEveryMs?: number
  /** @default performance.now */
  readonly now?: () => number
}

/** Whether `root` lies on btrfs. */
export async function isBtrfs(root: string): Promise<boolean> {
  return (await statfs(root)).type === BTRFS
}

/**
 * A subvolume for each server. Its limit is that of a quota group of a higher level which the subvolume belongs to: a tenant can make
 * subvolumes inside its own, without any right, and each starts with a count of its own and no limit (tried with Linux 6.18 and
 * btrfs-progs 6.2). {@link VolumeDriver.guard} puts them into the group.
 *
 * A directory that is there and no subvolume stays what it is, without a limit.
 */
export async function createBtrfsDriver(root: string, options: BtrfsDriverOptions = {}): Promise<VolumeDriver> {
  const { commitEveryMs = 10_000, now = performance.now.bind(performance) } = options
  await runTool('btrfs', 'quota', 'enable', root)
  let committedAt = -Infinity

  async function groupOf(home: string): Promise<string | null> {
    if (!(await isSubvolume(home))) return null
    return `${LEVEL}/${await idOf(home)}`
  }

  async function adopt(home: string): Promise<void> {
    const group = await groupOf(home)
    if (group === null) return
    const known = await groupsOf(root)
    if (!known.has(group)) await runTool('btrfs', 'qgroup', 'create', group, root)
    const own = await idOf(home)
    const inside = [own, ...(await idsBelow(root, own))]
    let isChanged = false
    for (const id of inside) {
      if (known.get(`0/${id}`)?.parents.includes(group)) continue
      await runTool('btrfs', 'qgroup', 'assign', '--no-rescan', `0/${id}`, group, root)
      isChanged = true
    }
    // Without it the group would go on from what it counted before.
    if (isChanged) await runTool('btrfs', 'quota', 'rescan', '-w', root)
  }

  const driver: VolumeDriver = {
    name: 'btrfs',
    holdsLimits: true,

    async open(home, limitBytes) {
      if (!(await isThere(home))) await runTool('btrfs', 'subvolume', 'create', home)
      await adopt(home)
      await driver.limit(home, limitBytes)
    },

    reopen: isThere,

    async limit(home, bytes) {
      const group = await groupOf(home)
      if (group !== null) await runTool('btrfs', 'qgroup', 'limit', bytes === 0 ? 'none' : String(bytes), group, root)
    },

    async usage(home) {
      const group = (await isThere(home)) ? await groupOf(home) : null
      if (group === null) return null
      if (now() - committedAt >= commitEveryMs) {
        await runTool('btrfs', 'filesystem', 'sync', root)
        committedAt = now()
      }
      return (await groupsOf(root)).get(group)?.referenced ?? null
    },

    async guard(home) {
      const group = await groupOf(home)
      if (group === null) return
      const nested = await idsBelow(root, await idOf(home))
      if (nested.length === 0) return
      const known = await groupsOf(root)
      if (nested.some((id) => !known.get(`0/${id}`)?.parents.includes(group))) await adopt(home)
    },

    async remove(home) {
      const group = (await isThere(home)) ? await groupOf(home) : null
      if (group === null) return directoryDriver.remove(home)
      // Removing a subvolume writes, and one that is full has no room for that.
      await driver.limit(home, 0)
      // The deepest first: one with another in it does not go. By number: its path leads through what is the tenant's.
      for (const id of (await idsBelow(root, await idOf(home))).toReversed()) {
        await runTool('btrfs', 'subvolume', 'delete', '--subvolid', id, root)
      }
      await runTool('btrfs', 'subvolume', 'delete', home)
      await sweepGroups(root)
    },
  }
  return driver
}

/** Groups go when what was in them is gone from the disk as well, which takes a while: so the one before is removed here. */
async function sweepGroups(root: string): Promise<void> {
  for (const [group, { referenced, children }] of await groupsOf(root)) {
    if (!group.startsWith(`${LEVEL}/`) || referenced > 0 || children.length > 0) continue
    await runTool('btrfs', 'qgroup', 'destroy', group, root).catch(() => undefined) // it is in use still; the next removal tries again
  }
}

interface Group {
  readonly referenced: number
  readonly parents: readonly string[]
  readonly children: readonly string[]
}

/** Every quota group of the file system. */
async function groupsOf(root: string): Promise<ReadonlyMap<string, Group>> {
  const groups = new Map<string, Group>()
  for (const line of (await runTool('btrfs', 'qgroup', 'show', '-p', '-c', '--raw', root)).split('\n')) {
    const [id = '', referenced, , parents = '', children = ''] = line.split(/\s+/)
    if (!/^\d+\/\d+$/.test(id)) continue
    const list = (text: string) => text.split(',').filter((one) => /^\d+\/\d+$/.test(one))
    groups.set(id, { referenced: Number(referenced), parents: list(parents), children: list(children) })
  }
  return groups
}

async function isSubvolume(path: string): Promise<boolean> {
  return (await stat(path)).ino === TOP_INODE && (await isBtrfs(path))
}

async function idOf(path: string): Promise<string> {
  const id = /Subvolume ID:\s+(\d+)/.exec(await runTool('btrfs', 'subvolume', 'show', path))?.[1]
  if (id === undefined) throw new Error(`${path} has no subvolume id.`)
  return id
}

/** Subvolumes inside one, at any depth; each after the one that it lies in. */
async function idsBelow(root: string, id: string): Promise<string[]> {
  const children = new Map<string, string[]>()
  for (const line of (await runTool('btrfs', 'subvolume', 'list', root)).split('\n')) {
    const [, child, parent] = /^ID (\d+) gen \d+ top level (\d+) /.exec(line) ?? []
    if (child && parent) children.set(parent, [...(children.get(parent) ?? []), child])
  }
  const found = [...(children.get(id) ?? [])]
  for (const one of found) found.push(...(children.get(one) ?? []))
  return found
}
