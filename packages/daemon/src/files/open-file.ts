import { constants, type BigIntStats } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { AppError } from '@hatchery/core/errors'
import type { FileEntry, OpenFile, OpenOptions } from '@hatchery/core/runtime'
import { entryOf } from './file-entries.ts'
import { guarded, invalid, notFound } from './file-errors.ts'
import { type Place } from './open-beneath.ts'
import { below, itself } from './pinned.ts'
import { refuseProtected, walkTo, type TreeContext } from './tree-context.ts'

/** Nothing waits for the other end of a pipe, and no terminal becomes ours. */
const QUIET = constants.O_NONBLOCK | constants.O_NOCTTY

/** Opens a regular file for good: what stands there is looked at before its content is opened. */
export async function openRegular(ctx: TreeContext, path: string, options: OpenOptions): Promise<FileHandle> {
  const { canWrite = false, create = 'never', truncates = false } = options
  using place = await walkTo(ctx, path, { followLast: create !== 'must-be-new' })
  refuseProtected(ctx, place.names, false)
  if (!place.target) {
    if (create === 'never') return notFound(path)
    // The place is open until this has settled.
    return await createEmpty(ctx, path, place, canWrite)
  }
  if (create === 'must-be-new') throw new AppError('FILE_EXISTS', { path: path.slice(0, 200) })

  const info = place.target.stat()
  if (!info.isFile()) return invalid(path)
  const file = await open(itself(place.target), (canWrite ? constants.O_RDWR : constants.O_RDONLY) | QUIET)
  try {
    // Nobody runs with the rights of another what somebody else has changed.
    if (canWrite && (info.mode & 0o6000) !== 0) await file.chmod(info.mode & 0o1777)
    if (canWrite && truncates) await file.truncate(0)
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

async function createEmpty(ctx: TreeContext, path: string, place: Place, canWrite: boolean): Promise<FileHandle> {
  const name = place.name ?? invalid(path)
  const access = canWrite ? constants.O_RDWR : constants.O_RDONLY
  const flags = access | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
  const file = await open(below(place.parent, name), flags, 0o644)
  try {
    if (ctx.isRoot) await file.chown(ctx.uid, ctx.gid)
    await file.chmod(0o644)
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

/** What callers get of an open file. */
export async function openFile(ctx: TreeContext, path: string, options: OpenOptions): Promise<OpenFile> {
  const file = await openRegular(ctx, path, options)
  const name = path.split('/').findLast((part) => part !== '' && part !== '.') ?? ''
  const describe = (info: BigIntStats): FileEntry => entryOf(name, info)
  return {
    descriptor: file.fd,
    stat: () => guarded(path, async () => describe(await file.stat({ bigint: true }))),
    read: (offset, length) => guarded(path, () => readAt(file, offset, length)),
    write: (offset, bytes) => guarded(path, () => writeAt(file, offset, bytes)),
    truncate: (sizeBytes) => guarded(path, () => file.truncate(sizeBytes)),
    chmod: (mode) => guarded(path, () => file.chmod(mode & 0o777)),
    setTimes: ({ accessedAt, modifiedAt }) => guarded(path, () => file.utimes(accessedAt / 1000, modifiedAt / 1000)),
    sync: () => guarded(path, () => file.sync()),
    [Symbol.asyncDispose]: () => file.close(),
  }
}

/** As many bytes as asked for, or as there are. */
export async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, offset + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}

async function writeAt(file: FileHandle, offset: number, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, at, bytes.length - at, offset + at)
    at += bytesWritten
  }
}
