import { chown, lchown, lstat, mkdir, opendir, readdir, rm, stat, unlink } from 'node:fs/promises'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import type { ServerId, Volume, Volumes } from '@hatchery/core/runtime'

export interface DirectoryVolumesOptions {
  /** Directory that holds `volumes/<uuid>/`; made when it is missing. */
  readonly root: string
  /** Entries that one {@link Volumes.usage} walk counts at most. @default 5_000_000 */
  readonly maxEntries?: number
}

const SERVER_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const DATA = /^data-([1-9]\d{0,8})$/

interface Owner {
  readonly uid: number
  readonly gid: number
}

/** Volumes that are plain directories: `<root>/<uuid>/data-<n>` (RULES 20). Quotas are counted, not enforced. */
export function createDirectoryVolumes(options: DirectoryVolumesOptions): Volumes {
  const { root, maxEntries = 5_000_000 } = options
  const home = (server: ServerId) => {
    if (!SERVER_ID.test(server)) throw new Error(`${JSON.stringify(server)} is not a server id.`)
    return join(root, server)
  }

  const find = async (server: ServerId): Promise<Volume | null> => {
    const version = await newestVersion(home(server))
    return version === null ? null : { server, version, dataDirectory: join(home(server), `data-${version}`) }
  }

  return {
    name: 'directory',
    capabilities: { quota: false, snapshot: false },
    find,

    async create(server, owner) {
      const existing = await find(server)
      const version = existing?.version ?? 1
      const dataDirectory = join(home(server), `data-${version}`)
      // The server's own directory is traversable, so that its uid reaches data-<n>, but not readable or writable for it.
      await mkdir(home(server), { recursive: true, mode: 0o711 })
      await chmod(home(server), 0o711)
      await mkdir(dataDirectory, { recursive: true, mode: 0o750 })
      await chmod(dataDirectory, 0o750)
      if (process.getuid?.() === 0) await chown(dataDirectory, owner.uid, owner.gid)
      return { server, version, dataDirectory }
    },

    async list() {
      const names = await readdir(root).catch(whenMissing<string[]>([]))
      const found = await Promise.all(names.filter((name) => SERVER_ID.test(name)).map((name) => find(name)))
      return found.flatMap((volume) => (volume ? [volume.server] : []))
    },

    usage: (server) => diskUsage(home(server), maxEntries),

    async normalise(server, owner) {
      const volume = await find(server)
      if (volume) await normaliseTree(volume.dataDirectory, owner)
    },

    async remove(server) {
      await rm(home(server), { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

async function newestVersion(directory: string): Promise<number | null> {
  const names = await readdir(directory).catch(whenMissing<string[]>([]))
  const versions = names.flatMap((name) => (DATA.test(name) ? [Number(name.slice(5))] : []))
  return versions.length === 0 ? null : Math.max(...versions)
}

/** Bytes that the tree holds on disk, hard links counted once. Links are not followed; what vanishes meanwhile is skipped. */
export async function diskUsage(directory: string, maxEntries: number): Promise<number> {
  const linked = new Set<string>()
  let bytes = 0
  let entries = 0
  for await (const path of walk(directory)) {
    if (++entries > maxEntries) break
    const info = await lstat(path).catch(whenMissing(null))
    if (!info) continue
    if (info.nlink > 1 && !info.isDirectory()) {
      const key = `${info.dev}:${info.ino}`
      if (linked.has(key)) continue
      linked.add(key)
    }
    bytes += info.blocks * 512
  }
  return bytes
}

/** Sets the owner, takes setuid and setgid away and removes device nodes, without following a link. */
async function normaliseTree(directory: string, owner: Owner): Promise<void> {
  const isRoot = process.getuid?.() === 0
  for await (const path of walk(directory)) {
    const info = await lstat(path).catch(whenMissing(null))
    if (!info) continue
    if (info.isBlockDevice() || info.isCharacterDevice()) {
      await unlink(path)
      continue
    }
    if (isRoot && (info.uid !== owner.uid || info.gid !== owner.gid)) await lchown(path, owner.uid, owner.gid)
    if (!info.isSymbolicLink() && (info.mode & 0o6000) !== 0) await chmod(path, info.mode & 0o1777)
  }
  if (isRoot) await chown(directory, owner.uid, owner.gid)
  const { mode } = await stat(directory)
  if ((mode & 0o6000) !== 0) await chmod(directory, mode & 0o1777)
}

/** Every path below `directory`, depth first, without following a link. Directories come before their contents. */
async function* walk(directory: string): AsyncGenerator<string> {
  const handle = await opendir(directory).catch(whenMissing(null))
  if (!handle) return
  for await (const entry of handle) {
    const path = join(directory, entry.name)
    yield path
    if (entry.isDirectory()) yield* walk(path)
  }
}

/** Answers `value` when the path is gone or no directory (any more); other errors go on. */
function whenMissing<T>(value: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return value
    throw error
  }
}
