import { randomBytes } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import { chown, lstat, mkdir, open, readdir, rename, rmdir, unlink, type FileHandle } from 'node:fs/promises'
import { AppError } from '@hatchery/core/errors'
import type { FileEntry, FileTree, ServerId } from '@hatchery/core/runtime'
import { nameFromBytes } from './file-names.ts'
import { PATH_FLAGS, below, itself, walkBeneath } from './open-beneath.ts'

export interface LocalFileTreeOptions {
  readonly server: ServerId
  /** Host path of the server's data directory. */
  readonly root: string
  /** Owner of what is written. */
  readonly uid: number
  readonly gid: number
}

/** Directories are removed down to this depth; a deeper tree is made to exhaust descriptors. */
const MAX_DEPTH = 512

/** The files of one server on this machine; Linux only, because it walks through `/proc/self/fd`. */
export function createLocalFileTree(options: LocalFileTreeOptions): FileTree {
  const { server, root, uid, gid } = options
  const isRoot = process.getuid?.() === 0

  const makeDirectory = async (parent: FileHandle, name: Buffer) => {
    await mkdir(below(parent, name), 0o755).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
    await using made = await open(below(parent, name), PATH_FLAGS | constants.O_DIRECTORY)
    if (isRoot) await chown(itself(made), uid, gid)
  }

  return {
    server,

    read: (path, { maxBytes } = {}) =>
      guarded(path, async () => {
        await using place = await walkBeneath(root, path, { followLast: true })
        const target = place.target ?? notFound(path)
        if (!(await target.stat()).isFile()) throw new AppError('PATH_INVALID', { path })
        await using file = await open(itself(target), constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
        if (maxBytes === undefined) return await file.readFile()
        const buffer = Buffer.alloc(Math.min(maxBytes, (await file.stat()).size))
        const { bytesRead } = await readFully(file, buffer)
        return buffer.subarray(0, bytesRead)
      }),

    write: (path, content) =>
      guarded(path, async () => {
        await using place = await walkBeneath(root, path, { followLast: true, makeDirectory })
        const { parent, name, target } = place
        const before = await target?.stat()
        if (!name || (before && !before.isFile())) throw new AppError('PATH_INVALID', { path })
        const temporary = Buffer.from(`.hatchery-${randomBytes(8).toString('hex')}.tmp`)
        try {
          const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
          await using file = await open(below(parent, temporary), flags, 0o600)
          await file.writeFile(content)
          if (isRoot) await file.chown(uid, gid)
          await file.chmod((before?.mode ?? 0o644) & 0o777)
          await file.sync()
          await rename(below(parent, temporary), below(parent, name))
        } catch (error) {
          await unlink(below(parent, temporary)).catch(() => undefined) // the first error counts
          throw error
        }
        await using directory = await open(itself(parent), constants.O_RDONLY | constants.O_DIRECTORY)
        await directory.sync()
      }),

    stat: (path) =>
      guarded(path, async () => {
        try {
          await using place = await walkBeneath(root, path, { followLast: false })
          return place.target && asEntry(place.name ? nameFromBytes(place.name) : '', await place.target.stat())
        } catch (error) {
          if (error instanceof AppError && error.code === 'FILE_NOT_FOUND') return null
          throw error
        }
      }),

    list: (path) =>
      guarded(path, async () => {
        await using place = await walkBeneath(root, path, { followLast: true })
        const target = place.target ?? notFound(path)
        if (!(await target.stat()).isDirectory()) throw new AppError('PATH_INVALID', { path })
        return await listDirectory(target)
      }),

    remove: (path) =>
      guarded(path, async () => {
        await using place = await walkBeneath(root, path, { followLast: false })
        if (!place.target) return
        if (!place.name) throw new AppError('PATH_INVALID', { path })
        await removeName(place.parent, place.name, 0)
      }),
  }
}

async function listDirectory(directory: FileHandle): Promise<FileEntry[]> {
  const names = await readdir(itself(directory), 'buffer')
  const entries: FileEntry[] = []
  for (const name of names) {
    const info = await lstat(below(directory, name)).catch(whenGone)
    if (info) entries.push(asEntry(nameFromBytes(name), info))
  }
  return entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

async function removeName(parent: FileHandle, name: Buffer, depth: number): Promise<void> {
  if (depth > MAX_DEPTH) throw new AppError('PATH_INVALID', { path: nameFromBytes(name) })
  const info = await lstat(below(parent, name)).catch(whenGone)
  if (!info) return
  if (!info.isDirectory()) {
    await unlink(below(parent, name)).catch(whenGone)
    return
  }
  {
    await using directory = await open(below(parent, name), PATH_FLAGS | constants.O_DIRECTORY)
    for (const child of await readdir(itself(directory), 'buffer')) await removeName(directory, child, depth + 1)
  }
  await rmdir(below(parent, name)).catch(whenGone)
}

async function readFully(file: FileHandle, buffer: Buffer): Promise<{ bytesRead: number }> {
  let bytesRead = 0
  while (bytesRead < buffer.length) {
    const part = await file.read(buffer, bytesRead, buffer.length - bytesRead, bytesRead)
    if (part.bytesRead === 0) break
    bytesRead += part.bytesRead
  }
  return { bytesRead }
}

function asEntry(name: string, info: Stats): FileEntry {
  const type = info.isFile() ? 'file' : info.isDirectory() ? 'directory' : info.isSymbolicLink() ? 'symlink' : 'other'
  return { name, type, sizeBytes: info.size, mode: info.mode & 0o7777, modifiedAt: Math.floor(info.mtimeMs) }
}

function notFound(path: string): never {
  throw new AppError('FILE_NOT_FOUND', { path })
}

function whenGone(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null
  throw error
}

/** Gives the kernel's answers our names. A swap under our feet looks like a link that leads out. */
async function guarded<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new AppError('FILE_NOT_FOUND', { path }, { cause: error })
    if (code === 'ELOOP') throw new AppError('PATH_OUTSIDE', { path }, { cause: error })
    if (code === 'ENOSPC' || code === 'EDQUOT') throw new AppError('DISK_FULL', { reason: code }, { cause: error })
    if (code === 'EISDIR' || code === 'ENAMETOOLONG' || code === 'ENXIO' || code === 'ENOTEMPTY') {
      throw new AppError('PATH_INVALID', { path }, { cause: error })
    }
    throw error
  }
}
