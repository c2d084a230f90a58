import { AppError } from '@hatchery/core/errors'
import type { FileEntry, FileTree } from '@hatchery/core/runtime'
import { attributesOf, longNameOf, type SftpAttributes } from './attributes.ts'
import {
  encodeAttributes,
  encodeHandle,
  encodeNames,
  encodePath,
  encodeRoom,
  type NamedEntry,
} from './encode-answer.ts'
import { refuseOwner, setSize } from './file-requests.ts'
import { HandleOrder } from './handle-order.ts'
import { need, plainPath, readable, treePath, writable, type SftpContext } from './sftp-context.ts'
import { STATUS } from './sftp-protocol.ts'
import { SftpRefusal } from './status-of.ts'

/** Names in one answer, and its bytes: some clients take no more. */
const MAX_NAMES = 100
const MAX_NAMES_BYTES = 30_000
/** Names taken from the directory at once. */
const PAGE = 5_000

export async function openDirectory(ctx: SftpContext, id: number, given: string): Promise<Buffer> {
  const path = treePath(given)
  ctx.handles.requireRoom()
  const { tree } = await readable(ctx, 'list')
  const [self, { entries, total }] = await Promise.all([
    tree.stat(path, { followLinks: true }),
    tree.list(path, { limit: PAGE }),
  ])
  ctx.onDone('list', path)
  const dots = self ? ['.', '..'].map((name) => ({ ...self, name })) : []
  const handle = {
    type: 'directory' as const,
    path,
    order: new HandleOrder(),
    entries: [...dots, ...entries],
    offset: PAGE,
    isWhole: total <= PAGE,
  }
  return encodeHandle(id, ctx.handles.add(handle))
}

export function readDirectory(ctx: SftpContext, id: number, name: Buffer): Promise<Buffer> {
  const handle = ctx.handles.directory(name)
  return handle.order.alone(async () => {
    while (handle.entries.length === 0 && !handle.isWhole) {
      const { tree } = await readable(ctx, 'list')
      const { entries, total } = await tree.list(handle.path, { offset: handle.offset, limit: PAGE })
      handle.entries = [...entries]
      handle.offset += PAGE
      handle.isWhole = handle.offset >= total
    }
    if (handle.entries.length === 0) throw new SftpRefusal(STATUS.endOfFile, 'End of directory')
    return encodeNames(id, takeNames(ctx, handle.entries))
  })
}

function takeNames(ctx: SftpContext, entries: FileEntry[]): NamedEntry[] {
  const names: NamedEntry[] = []
  let [bytes, count] = [0, 0]
  for (const entry of entries) {
    const named = namedEntry(ctx, entry)
    bytes += named.name.length + named.longName.length + 40
    if (count > 0 && (count >= MAX_NAMES || bytes > MAX_NAMES_BYTES)) break
    names.push(named)
    count += 1
  }
  entries.splice(0, count)
  return names
}

function namedEntry({ ownerName, files, now }: SftpContext, entry: FileEntry): NamedEntry {
  return {
    name: entry.name,
    longName: longNameOf(entry, ownerName, now()),
    attributes: attributesOf(entry, files.owner),
  }
}

export async function describePath(ctx: SftpContext, id: number, given: string, followLinks: boolean): Promise<Buffer> {
  const path = treePath(given)
  const { tree } = await readable(ctx, 'stat')
  const entry = await existing(tree, path, followLinks)
  return encodeAttributes(id, attributesOf(entry, ctx.files.owner))
}

async function existing(tree: FileTree, path: string, followLinks = false): Promise<FileEntry> {
  const entry = await tree.stat(path, { followLinks })
  if (!entry) throw new AppError('FILE_NOT_FOUND', { path })
  return entry
}

export async function setAttributes(
  ctx: SftpContext,
  given: string,
  attributes: SftpAttributes,
  followLinks: boolean,
): Promise<void> {
  const path = treePath(given)
  const { tree } = await writable(ctx, 'setstat')
  refuseOwner(ctx, attributes)
  const { sizeBytes, mode, times } = attributes
  const { type } = await existing(tree, path)
  const isLink = type === 'symlink'
  if (isLink && !followLinks && (mode !== undefined || sizeBytes !== undefined)) {
    throw new SftpRefusal(STATUS.unsupported, 'A link has only times of its own.')
  }
  const set = times && { accessedAt: times.accessed * 1000, modifiedAt: times.modified * 1000 }
  if (sizeBytes !== undefined) {
    await using file = await tree.open(path, { canWrite: true })
    await setSize(ctx, file, sizeBytes)
  }
  if (mode !== undefined) await tree.chmod(path, { mode: mode & 0o777 })
  if (set && isLink && followLinks) {
    await using file = await tree.open(path, { canWrite: true })
    await file.setTimes(set)
  } else if (set) await tree.setTimes(path, set)
  ctx.onDone('setstat', path)
}

const DIRECTORY_MODE = 0o755

export async function makeDirectory(ctx: SftpContext, given: string, attributes: SftpAttributes): Promise<void> {
  const path = treePath(given)
  const { tree, quota } = await writable(ctx, 'create')
  await quota.require(0)
  await tree.makeDirectory(path)
  const mode = attributes.mode === undefined ? DIRECTORY_MODE : attributes.mode & DIRECTORY_MODE
  if (mode !== DIRECTORY_MODE) await tree.chmod(path, { mode })
  ctx.onDone('create', path)
}

/** Deletes for good: clients replace files by deleting and renaming, and would fill the trash with every save. */
export async function removeEntry(ctx: SftpContext, given: string, what: 'file' | 'directory'): Promise<void> {
  const path = treePath(given)
  const { tree, quota } = await writable(ctx, 'delete')
  const { type } = await existing(tree, path)
  if ((type === 'directory') !== (what === 'directory')) {
    throw new SftpRefusal(STATUS.failure, what === 'file' ? 'This is a directory.' : 'This is no directory.')
  }
  await tree.remove(path, { isRecursive: false })
  quota.forget()
  ctx.onDone('delete', path)
}

export async function renameEntry(ctx: SftpContext, from: string, to: string, replace: boolean): Promise<void> {
  const { tree, quota } = await writable(ctx, 'rename')
  await tree.move(treePath(from), treePath(to), { replace })
  if (replace) quota.forget()
  ctx.onDone('rename', treePath(to))
}

export async function makeLink(ctx: SftpContext, given: string, target: string): Promise<void> {
  const path = treePath(given)
  const { tree, quota } = await writable(ctx, 'symlink')
  await quota.require(0)
  await tree.makeLink(path, target)
  ctx.onDone('symlink', path)
}

export async function makeHardLink(ctx: SftpContext, existingPath: string, given: string): Promise<void> {
  const path = treePath(given)
  const { tree } = await writable(ctx, 'create')
  // A second name is a way to the content: whoever may not read it gains none.
  need(ctx, 'read')
  await tree.hardLink(treePath(existingPath), path)
  ctx.onDone('create', path)
}

export async function readLink(ctx: SftpContext, id: number, given: string): Promise<Buffer> {
  const path = treePath(given)
  const { tree } = await readable(ctx, 'readlink')
  const { linkTarget } = await existing(tree, path)
  if (linkTarget === null) throw new SftpRefusal(STATUS.failure, 'This is no link.')
  return encodePath(id, linkTarget)
}

export function realPath(id: number, path: string): Buffer {
  return encodePath(id, plainPath(path))
}

/** `~` and `~user` are the root, which is everybody's home. */
export function expandPath(id: number, path: string): Buffer {
  return encodePath(id, plainPath(path.replace(/^~[^/]*/, '')))
}

/** Room under the limit of the server, or on the disk where it has none. */
export async function readRoom(ctx: SftpContext, id: number): Promise<Buffer> {
  const { quota } = await readable(ctx, 'room')
  const report = await quota.report()
  if (!report) return encodeRoom(id, await ctx.files.diskRoom())
  const { limitBytes, usedBytes } = report
  return encodeRoom(id, { totalBytes: limitBytes, freeBytes: Math.max(0, limitBytes - usedBytes) })
}
