import { chmod, chown, lchown, mkdir, readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { ServerId, Volume, Volumes } from '@hatchery/core/runtime'
import { Pinned, below, countOnce, itself, walkTree, type Descriptor } from '../files/index.ts'
import { directoryDriver } from './directory-driver.ts'
import type { VolumeDriver } from './volume-driver.ts'

export interface DirectoryVolumesOptions {
  /** Directory that holds `volumes/<uuid>/`; made when it is missing. */
  readonly root: string
  /** What makes the directories of servers, and holds their limits. @default `directoryDriver`, which holds none */
  readonly driver?: VolumeDriver
  /** Entries that one {@link Volumes.usage} walk counts at most. @default 5_000_000 */
  readonly maxEntries?: number
}

const SERVER_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const DATA = /^data-([1-9]\d{0,8})$/

interface Owner {
  readonly uid: number
  readonly gid: number
}

/** Volumes that are directories: `<root>/<uuid>/data-<n>` (RULES 20). */
export function createDirectoryVolumes(options: DirectoryVolumesOptions): Volumes {
  const { root, driver = directoryDriver, maxEntries = 5_000_000 } = options
  const home = (server: ServerId) => {
    if (!SERVER_ID.test(server)) throw new Error(`${JSON.stringify(server)} is not a server id.`)
    return join(root, server)
  }

  const find = async (server: ServerId): Promise<Volume | null> => {
    if (!(await driver.reopen(home(server)))) return null
    const version = await newestVersion(home(server))
    return version === null ? null : volumeOf(server, version)
  }
  const volumeOf = (server: ServerId, version: number): Volume => ({
    server,
    version,
    dataDirectory: join(home(server), `data-${version}`),
    privateDirectory: join(home(server), 'private'),
  })

  return {
    name: driver.name,
    capabilities: { quota: driver.holdsLimits, snapshot: false },
    find,

    async create(server, owner, limitBytes = 0) {
      await mkdir(root, { recursive: true, mode: 0o711 })
      await driver.open(home(server), limitBytes)
      const existing = await find(server)
      const version = existing?.version ?? 1
      const volume = volumeOf(server, version)
      // The server's own directory is traversable, so that its uid reaches data-<n>, but not readable or writable for it.
      await chmod(home(server), 0o711)
      for (const [directory, mode] of [
        [volume.dataDirectory, 0o750],
        [volume.privateDirectory, 0o700],
      ] as const) {
        await mkdir(directory, { recursive: true, mode })
        await chmod(directory, mode)
        if (process.getuid?.() === 0) await chown(directory, owner.uid, owner.gid)
      }
      return volume
    },

    async list() {
      const names = await readdir(root).catch(whenMissing<string[]>([]))
      const found = await Promise.all(names.filter((name) => SERVER_ID.test(name)).map((name) => find(name)))
      return found.flatMap((volume) => (volume ? [volume.server] : []))
    },

    async limit(server, bytes) {
      if (await driver.reopen(home(server))) await driver.limit(home(server), bytes)
    },

    async usage(server) {
      if (!(await driver.reopen(home(server)))) return 0
      await driver.guard(home(server))
      return (await driver.usage(home(server))) ?? (await diskUsage(home(server), maxEntries))
    },

    async normalise(server, owner) {
      const volume = await find(server)
      if (volume) await normaliseTree(volume.dataDirectory, owner)
    },

    remove: (server) => driver.remove(home(server)),
  }
}

async function newestVersion(directory: string): Promise<number | null> {
  const names = await readdir(directory).catch(whenMissing<string[]>([]))
  const versions = names.flatMap((name) => (DATA.test(name) ? [Number(name.slice(5))] : []))
  return versions.length === 0 ? null : Math.max(...versions)
}

/** Bytes that the tree holds on disk, hard links counted once. Links are not followed; what vanishes meanwhile is skipped. */
export async function diskUsage(directory: string, maxEntries: number): Promise<number> {
  using top = openTop(directory)
  if (!top) return 0
  const counted = new Set<string>()
  let bytes = 0
  let entries = 0
  for await (const { info } of walkTree(top)) {
    if (++entries > maxEntries) break
    bytes += countOnce(counted, info)
  }
  return bytes
}

/** Sets the owner, takes setuid and setgid away and removes device nodes, without following a link. */
async function normaliseTree(directory: string, owner: Owner): Promise<void> {
  using top = openTop(directory)
  if (!top) return
  const isRoot = process.getuid?.() === 0
  for await (const { parent, name, info } of walkTree(top)) {
    if (info.isBlockDevice() || info.isCharacterDevice()) {
      await unlink(below(parent, name)).catch(whenMissing(null))
      continue
    }
    if (isRoot && (info.uid !== owner.uid || info.gid !== owner.gid)) {
      await lchown(below(parent, name), owner.uid, owner.gid).catch(whenMissing(null))
    }
    if (!info.isSymbolicLink() && (info.mode & 0o6000) !== 0) await stripMode(parent, name)
  }
  if (isRoot) await chown(itself(top), owner.uid, owner.gid)
  const { mode } = top.stat()
  if ((mode & 0o6000) !== 0) await chmod(itself(top), mode & 0o1777)
}

/** Through a descriptor: a link that was swapped in is left alone. */
async function stripMode(parent: Descriptor, name: Buffer): Promise<void> {
  using pinned = Pinned.find(below(parent, name))
  const info = pinned?.stat()
  if (pinned && info && !info.isSymbolicLink()) await chmod(itself(pinned), info.mode & 0o1777)
}

function openTop(directory: string): Pinned | null {
  try {
    return Pinned.openDirectory(directory)
  } catch (error) {
    return whenMissing(null)(error as NodeJS.ErrnoException)
  }
}

/** Answers `value` when the path is gone or no directory (any more); other errors go on. */
function whenMissing<T>(value: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return value
    throw error
  }
}
