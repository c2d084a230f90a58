import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { open, rename, unlink, type FileHandle } from 'node:fs/promises'
import { AppError } from '@hatchery/core/errors'
import { type FileEntry, type WriteOptions, nameFromBytes } from '@hatchery/core/runtime'
import { linkOntoFresh } from './change-names.ts'
import { entryOf, revisionOf } from './file-entries.ts'
import { invalid, notFound } from './file-errors.ts'
import { KeyedQueue } from './keyed-queue.ts'
import { type Place } from './open-beneath.ts'
import { below, itself } from './pinned.ts'
import { openPrivate, refuseProtected, walkTo, type TreeContext } from './tree-context.ts'

/** Writers of one file, of whatever tree, one after the other: a revision is compared and replaced in one step. */
const writers = new KeyedQueue()

/**
 * Replaces a file by content that is written beside the tree first. Until the last step nothing is to be seen of it.
 * @throws AppError `REVISION_MISMATCH`, `FILE_EXISTS`, `PATH_INVALID` (no regular file), `FILE_PROTECTED`
 */
export async function writeFile(
  ctx: TreeContext,
  path: string,
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: WriteOptions,
): Promise<FileEntry> {
  // Refused before anything is taken in; what changes meanwhile is found at the end.
  await checkTarget(ctx, path, options)
  await using directory = await openPrivate(ctx, 'unfinished')
  const temporary = Buffer.from(`${randomBytes(12).toString('hex')}.part`)
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
  await using file = await open(below(directory, temporary), flags, 0o600)
  try {
    for await (const piece of source) await file.writeFile(piece)
    return await putInPlace(ctx, path, { directory, name: temporary, file }, options)
  } catch (error) {
    await unlink(below(directory, temporary)).catch(() => undefined) // the first error counts
    throw error
  }
}

/** Says early what would be refused in the end. */
export async function checkTarget(ctx: TreeContext, path: string, options: WriteOptions): Promise<void> {
  try {
    using place = await walkTo(ctx, path, { followLast: true })
    await requireReplaceable(ctx, path, place, options)
  } catch (error) {
    // Directories that are missing are made in the end.
    const isMissing = error instanceof AppError && error.code === 'FILE_NOT_FOUND'
    if (!isMissing) throw error
    if (options.mustExist) throw error
    if (options.ifRevision !== undefined) throw new AppError('REVISION_MISMATCH', {}, { cause: error })
  }
}

export interface Unfinished {
  readonly directory: FileHandle
  readonly name: Buffer
  readonly file: FileHandle
}

/** Gives a finished file its owner, its mode and its name in the tree. */
export async function putInPlace(
  ctx: TreeContext,
  path: string,
  { directory, name: temporary, file }: Unfinished,
  options: WriteOptions,
): Promise<FileEntry> {
  if (ctx.isRoot) await file.chown(ctx.uid, ctx.gid)
  await file.sync()
  const key = await canonicalKey(ctx, path)
  return writers.run(key, async () => {
    using place = await walkTo(ctx, path, { followLast: true, makesDirectories: true })
    const before = await requireReplaceable(ctx, path, place, options)
    const name = place.name ?? invalid(path)
    await file.chmod((before?.mode ?? 0o644) & 0o777)
    const [from, to] = [below(directory, temporary), below(place.parent, name)]
    if (options.mustBeNew) await linkOntoFresh(from, to)
    else await rename(from, to)
    await using parent = await open(itself(place.parent), constants.O_RDONLY | constants.O_DIRECTORY)
    await parent.sync()
    return entryOf(nameFromBytes(name), await file.stat({ bigint: true }))
  })
}

async function canonicalKey(ctx: TreeContext, path: string): Promise<string> {
  using place = await walkTo(ctx, path, { followLast: true, makesDirectories: true })
  return `${ctx.root}\0${place.names.join('/')}`
}

async function requireReplaceable(
  ctx: TreeContext,
  path: string,
  place: Place,
  { ifRevision, mustBeNew = false, mustExist = false }: WriteOptions,
): Promise<{ readonly mode: number } | null> {
  refuseProtected(ctx, place.names, false)
  const info = place.target?.bigStat()
  if (!place.name || (info && !info.isFile())) return invalid(path)
  if (mustBeNew && info) throw new AppError('FILE_EXISTS', { path: path.slice(0, 200) })
  if (mustExist && !info) return notFound(path)
  if (ifRevision !== undefined && (!info || revisionOf(info) !== ifRevision)) throw new AppError('REVISION_MISMATCH')
  return info ? { mode: Number(info.mode) } : null
}
