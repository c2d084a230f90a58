import type { FileEntry } from '@hatchery/core/runtime'
import { AppError } from '@hatchery/core/errors'
import { attributesOf, type SftpAttributes } from './attributes.ts'
import { encodeAttributes, encodeData, encodeHandle } from './encode-answer.ts'
import { HandleOrder } from './handle-order.ts'
import { ReadAhead } from './read-ahead.ts'
import { may, need, readable, treePath, type SftpContext } from './sftp-context.ts'
import type { FileHandle } from './sftp-handles.ts'
import { MAX_DATA_BYTES, OPEN, STATUS } from './sftp-protocol.ts'
import { SftpRefusal } from './status-of.ts'

/** What new files get whatever a client wants, as with the usual umask. */
const UMASK = 0o022
const NEW_MODE = 0o644
/** Files of one session whose beginning is kept. */
const MAX_AHEAD = 64
/** Beyond this, positions are no exact numbers any more; no file system goes that far. */
const MAX_OFFSET = Number.MAX_SAFE_INTEGER

export async function openFile(
  ctx: SftpContext,
  id: number,
  { path: given, flags, attributes }: { path: string; flags: number; attributes: SftpAttributes },
): Promise<Buffer> {
  const path = treePath(given)
  ctx.handles.requireRoom()
  const canWrite = (flags & (OPEN.write | OPEN.append)) !== 0
  const canRead = (flags & OPEN.read) !== 0 || !canWrite
  if (canRead) need(ctx, 'read')
  const opened = canWrite ? await openToWrite(ctx, path, flags, attributes) : await openToRead(ctx, path)
  const handle: FileHandle = {
    ...opened,
    type: 'file',
    path,
    order: new HandleOrder(),
    canRead,
    canWrite,
    appends: (flags & OPEN.append) !== 0,
    hasWritten: canWrite && opened.isChanged,
    ahead: canWrite || ctx.handles.size >= MAX_AHEAD ? null : new ReadAhead(opened.file, ctx.now),
  }
  return encodeHandle(id, ctx.handles.add(handle))
}

async function openToRead(ctx: SftpContext, path: string) {
  const { tree } = await readable(ctx, 'read')
  const file = await tree.open(path)
  ctx.onDone('read', path)
  return { file, denseBytes: 0, isChanged: false }
}

/** Whether something stands there decides which permission is needed; who has both need not be asked. */
async function openToWrite(ctx: SftpContext, path: string, flags: number, attributes: SftpAttributes) {
  const mode = attributes.mode === undefined ? NEW_MODE : attributes.mode & 0o777 & ~UMASK
  const wantsCreate = (flags & OPEN.create) !== 0
  const truncates = (flags & OPEN.truncate) !== 0
  if (!wantsCreate) need(ctx, 'write')
  const mayBoth = may(ctx, 'create') && may(ctx, 'write')
  const { tree, quota } = await ctx.files.toWrite()
  const isKnown = wantsCreate && (!mayBoth || mode !== NEW_MODE)
  const before: FileEntry | null | undefined = isKnown ? await tree.stat(path, { followLinks: true }) : undefined
  if (before !== undefined) need(ctx, before ? 'write' : 'create')

  const isExclusive = (flags & OPEN.exclusive) !== 0 && wantsCreate
  // What was looked at has to be what is opened.
  const create = isExclusive || before === null ? 'must-be-new' : wantsCreate && !before ? 'if-missing' : 'never'
  if (create !== 'never') await quota.require(0)
  const file = await tree.open(path, { canWrite: true, create, truncates })
  try {
    if (before === null && mode !== NEW_MODE) await file.chmod(mode)
    if (truncates) quota.forget()
    const isEmpty = truncates || create === 'must-be-new'
    const denseBytes = isEmpty ? 0 : denseBytesOf(await file.stat())
    ctx.onDone(before || (create === 'never' && !before) ? 'write' : 'create', path)
    return { file, denseBytes, isChanged: isEmpty }
  } catch (error) {
    await file[Symbol.asyncDispose]()
    throw error
  }
}

/** How far a file is without holes, as far as one can say. */
function denseBytesOf({ sizeBytes, diskBytes }: FileEntry): number {
  return diskBytes >= sizeBytes ? sizeBytes : 0
}

export function readFile(
  { handles }: SftpContext,
  id: number,
  { handle: name, offset, length }: { handle: Buffer; offset: number; length: number },
): Promise<readonly Uint8Array[]> {
  const handle = handles.file(name)
  if (!handle.canRead) throw new SftpRefusal(STATUS.permissionDenied, 'The file is not open for reading.')
  const wanted = Math.min(length, MAX_DATA_BYTES)
  return handle.order.read(offset, wanted, async () => {
    const bytes = offset > MAX_OFFSET - wanted ? new Uint8Array() : await readAt(handle, offset, wanted)
    if (bytes.length === 0 && wanted > 0) throw new SftpRefusal(STATUS.endOfFile, 'End of file')
    return encodeData(id, bytes)
  })
}

async function readAt(handle: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const known = await handle.ahead?.read(offset, length)
  if (known) return known
  handle.ahead = null
  return handle.file.read(offset, length)
}

export async function writeFile(
  ctx: SftpContext,
  { handle: name, offset, bytes }: { handle: Buffer; offset: number; bytes: Buffer },
): Promise<void> {
  const handle = ctx.handles.file(name)
  if (!handle.canWrite) throw new SftpRefusal(STATUS.permissionDenied, 'The file is not open for writing.')
  if (handle.appends) {
    // At the end, wherever that is by then.
    return handle.order.alone(async () => writeAt(ctx, handle, (await handle.file.stat()).sizeBytes, bytes))
  }
  return handle.order.write(offset, bytes.length, () => writeAt(ctx, handle, offset, bytes))
}

async function writeAt(ctx: SftpContext, handle: FileHandle, offset: number, bytes: Uint8Array): Promise<void> {
  if (bytes.length === 0) return
  const end = offset + bytes.length
  if (end > MAX_OFFSET) throw new AppError('DISK_FULL', { reason: 'no file can be so long' })
  const { quota } = await ctx.files.toWrite()
  const fresh = Math.max(0, end - Math.max(offset, handle.denseBytes))
  if (fresh > 0) await quota.take(fresh)
  handle.hasWritten = true
  ctx.handles.forgetAhead()
  await handle.file.write(offset, bytes)
  ctx.handles.forgetAhead()
  if (offset <= handle.denseBytes) handle.denseBytes = Math.max(handle.denseBytes, end)
}

export function statFile(ctx: SftpContext, id: number, { handle: name }: { handle: Buffer }): Promise<Buffer> {
  const handle = ctx.handles.get(name)
  return handle.order.alone(async () => {
    if (handle.type === 'file') return encodeAttributes(id, attributesOf(await handle.file.stat(), ctx.files.owner))
    const { tree } = await readable(ctx, 'stat')
    const entry = await tree.stat(handle.path, { followLinks: true })
    if (!entry) throw new AppError('FILE_NOT_FOUND', { path: handle.path })
    return encodeAttributes(id, attributesOf(entry, ctx.files.owner))
  })
}

export function setFileAttributes(
  ctx: SftpContext,
  { handle: name, attributes }: { handle: Buffer; attributes: SftpAttributes },
): Promise<void> {
  const handle = ctx.handles.file(name)
  return handle.order.alone(async () => {
    // Whoever may make a file may say what it is, as long as it is open.
    if (!handle.canWrite) need(ctx, 'setstat')
    refuseOwner(ctx, attributes)
    const { sizeBytes, mode, times } = attributes
    if (sizeBytes !== undefined) await truncate(ctx, handle, sizeBytes)
    if (mode !== undefined) await handle.file.chmod(mode & 0o777)
    if (times) await handle.file.setTimes({ accessedAt: times.accessed * 1000, modifiedAt: times.modified * 1000 })
  })
}

async function truncate(ctx: SftpContext, handle: FileHandle, sizeBytes: number): Promise<void> {
  if (!handle.canWrite) throw new SftpRefusal(STATUS.permissionDenied, 'The file is not open for writing.')
  await setSize(ctx, handle.file, sizeBytes)
  handle.hasWritten = true
  handle.denseBytes = Math.min(handle.denseBytes, sizeBytes)
}

/** A hole takes no room, but a file longer than the server may use is none that can be filled. */
export async function setSize(ctx: SftpContext, file: FileHandle['file'], sizeBytes: number): Promise<void> {
  if (!Number.isSafeInteger(sizeBytes)) throw new AppError('DISK_FULL', { reason: 'no file can be so long' })
  const { quota } = await ctx.files.toWrite()
  const before = (await file.stat()).sizeBytes
  if (sizeBytes > before) await quota.require(sizeBytes - before)
  await file.truncate(sizeBytes)
  ctx.handles.forgetAhead()
  if (sizeBytes < before) quota.forget()
}

/** Everything belongs to the server; setting that again is no change. */
export function refuseOwner({ files }: SftpContext, { owner }: SftpAttributes): void {
  if (!owner || (owner.uid === files.owner.uid && owner.gid === files.owner.gid)) return
  throw new SftpRefusal(STATUS.permissionDenied, 'Files belong to the server; the owner cannot be changed.')
}

export function syncFile({ handles }: SftpContext, { handle: name }: { handle: Buffer }): Promise<void> {
  const handle = handles.file(name)
  return handle.order.alone(() => handle.file.sync())
}

/** Settles when everything asked of the handle before is done. */
export async function closeHandle(ctx: SftpContext, { handle: name }: { handle: Buffer }): Promise<void> {
  const handle = ctx.handles.take(name)
  if (handle.type === 'directory') return
  const closing = handle.order.alone(async () => handle.file[Symbol.asyncDispose]())
  // Of a file that was only read there is nothing to wait for, and nothing that could be lost.
  if (!handle.canWrite) return void closing.catch(() => undefined)
  await closing
  if (handle.hasWritten) ctx.onSaved(handle.path)
}

const COPY_BYTES = 256 * 1024

export async function copyData(
  ctx: SftpContext,
  asked: { from: Buffer; fromOffset: number; length: number; to: Buffer; toOffset: number },
  signal: AbortSignal,
): Promise<void> {
  const [from, to] = [ctx.handles.file(asked.from), ctx.handles.file(asked.to)]
  if (!from.canRead || !to.canWrite) {
    throw new SftpRefusal(STATUS.permissionDenied, 'One file has to be open for reading, the other one for writing.')
  }
  const length = asked.length === 0 ? MAX_OFFSET : asked.length
  if (from === to && asked.fromOffset < asked.toOffset + length && asked.toOffset < asked.fromOffset + length) {
    throw new SftpRefusal(STATUS.failure, 'A file cannot be copied over itself.')
  }
  const copy = async () => {
    for (let done = 0; done < length;) {
      signal.throwIfAborted()
      const bytes = await from.file.read(asked.fromOffset + done, Math.min(COPY_BYTES, length - done))
      if (bytes.length === 0) return
      await writeAt(ctx, to, asked.toOffset + done, bytes)
      done += bytes.length
    }
  }
  if (from === to) return from.order.alone(copy)
  return to.order.alone(() => from.order.read(asked.fromOffset, length, copy))
}
