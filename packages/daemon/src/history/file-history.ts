import { isUtf8 } from 'node:buffer'
import { AppError } from '@hatchery/core/errors'
import type { FileHistory, FileRevision, HistoryLimits, KeepOptions, LostFile } from '@hatchery/core/runtime'
import { revisionOf } from '../files/file-entries.ts'
import { guarded } from '../files/file-errors.ts'
import { KeyedQueue } from '../files/keyed-queue.ts'
import { openRegular, readAt } from '../files/open-file.ts'
import { openPrivate, walkTo, type TreeContext } from '../files/tree-context.ts'
import { chooseRevisions } from './choose-revisions.ts'
import { MAX_CONTENT_BYTES, getContent, hashOf, putContent, sweepContents } from './content-store.ts'
import { appendToIndex, readIndex, replaceIndex, type StoredRevision } from './revision-index.ts'

const AREA = 'history'
const MAX_LOST = 1_000

/** Whoever reads the index and writes it does so alone. */
const changes = new KeyedQueue()

/** The history of one server's files, in its private directory. */
export function historyOf(ctx: TreeContext): FileHistory {
  const alone = <T>(work: () => Promise<T>): Promise<T> => changes.run(ctx.privateRoot, work)
  return {
    keep: (path, options) => guarded(path, () => alone(() => keep(ctx, path, options))),
    list: (path) => guarded(path, () => list(ctx, path)),
    listLost: () => guarded(AREA, () => listLost(ctx)),
    find: (id) => guarded(AREA, async () => shown(await findStored(ctx, id))),
    read: (id) => guarded(AREA, () => read(ctx, id)),
    move: (from, to) => guarded(from, () => alone(() => move(ctx, from, to))),
    forget: (path) => guarded(path ?? AREA, () => alone(() => forget(ctx, path))),
    prune: (limits) => guarded(AREA, () => alone(() => prune(ctx, limits))),
  }
}

async function keep(ctx: TreeContext, path: string, options: KeepOptions): Promise<FileRevision | null> {
  const canonical = await canonicalPath(ctx, path)
  await using file = await openRegular(ctx, path, {})
  const info = await file.stat({ bigint: true })
  const [fileRevision, sizeBytes] = [revisionOf(info), Number(info.size)]
  await using directory = await openPrivate(ctx, AREA)
  const last = (await readIndex(directory)).findLast((one) => one.path === canonical)
  // The same number is the same content: nobody has saved it since.
  if (last?.fileRevision === fileRevision) return null
  const content = sizeBytes > MAX_CONTENT_BYTES ? null : await readAt(file, 0, sizeBytes)
  const isText = content !== null && isUtf8(content) && !content.includes(0)
  if (!isText && !last) return null
  const sha256 = isText ? hashOf(content) : null
  const isKnown = last !== undefined && last.sha256 === sha256 && last.sizeBytes === sizeBytes
  if (isKnown && options.author.via === 'outside') return null
  const storedBytes = isText ? await putContent(directory, sha256!, content, options.maxContentBytes) : null
  const { id, at, author } = options
  const { user, name, via } = author
  const revision: StoredRevision = {
    ...{ id, path: canonical, at, user, name, via, sizeBytes, fileRevision },
    sha256: storedBytes === null ? null : sha256,
    storedBytes: storedBytes ?? 0,
  }
  await appendToIndex(directory, revision)
  return shown(revision)
}

async function list(ctx: TreeContext, path: string): Promise<FileRevision[]> {
  const canonical = await canonicalPath(ctx, path)
  if (isHidden(ctx, canonical)) return []
  await using directory = await openPrivate(ctx, AREA)
  const own = (await readIndex(directory)).filter((one) => one.path === canonical)
  return own.toReversed().map(shown)
}

async function listLost(ctx: TreeContext): Promise<LostFile[]> {
  await using directory = await openPrivate(ctx, AREA)
  const newest = new Map<string, StoredRevision>()
  for (const one of await readIndex(directory)) if (one.sha256 !== null) newest.set(one.path, one)
  const lost: LostFile[] = []
  for (const { path, id, at, sizeBytes } of [...newest.values()].toSorted((a, b) => b.at - a.at)) {
    if (lost.length === MAX_LOST) break
    if (isHidden(ctx, path) || !(await isGone(ctx, path))) continue
    lost.push({ path, revision: id, at, sizeBytes })
  }
  return lost
}

async function read(ctx: TreeContext, id: string): Promise<Uint8Array> {
  const { sha256 } = await findStored(ctx, id)
  if (sha256 === null) throw new AppError('FILE_REVISION_NOT_FOUND', { id })
  await using directory = await openPrivate(ctx, AREA)
  return await getContent(directory, sha256, id)
}

async function findStored(ctx: TreeContext, id: string): Promise<StoredRevision> {
  await using directory = await openPrivate(ctx, AREA)
  const found = (await readIndex(directory)).find((one) => one.id === id)
  if (!found || isHidden(ctx, found.path)) throw new AppError('FILE_REVISION_NOT_FOUND', { id })
  return found
}

/** Runs after the move itself, so that the new name says where it is; the old one is what it was. */
async function move(ctx: TreeContext, from: string, to: string): Promise<void> {
  const [old, next] = [plain(from), await canonicalPath(ctx, to, false)]
  await using directory = await openPrivate(ctx, AREA)
  const revisions = await readIndex(directory)
  const isBelow = ({ path }: StoredRevision) => path === old || path.startsWith(`${old}/`)
  if (old === next || !revisions.some(isBelow)) return
  const renamed = (one: StoredRevision) => (isBelow(one) ? { ...one, path: next + one.path.slice(old.length) } : one)
  await replaceIndex(directory, revisions.map(renamed))
}

async function forget(ctx: TreeContext, path: string | null): Promise<number> {
  const canonical = path === null ? null : await canonicalPath(ctx, path)
  await using directory = await openPrivate(ctx, AREA)
  const revisions = await readIndex(directory)
  const left = revisions.filter((one) => isHidden(ctx, one.path) || (canonical !== null && one.path !== canonical))
  if (left.length < revisions.length) await replaceAll(directory, left)
  return revisions.length - left.length
}

async function prune(ctx: TreeContext, limits: HistoryLimits): Promise<number> {
  await using directory = await openPrivate(ctx, AREA)
  const revisions = await readIndex(directory)
  const kept = chooseRevisions(revisions, limits)
  if (kept.length < revisions.length) return await replaceAll(directory, kept)
  return await sweepContents(directory, contentsOf(kept))
}

/** The index first: a content that it names is there, whatever happens. */
async function replaceAll(directory: Parameters<typeof replaceIndex>[0], kept: readonly StoredRevision[]) {
  await replaceIndex(directory, kept)
  return sweepContents(directory, contentsOf(kept))
}

function contentsOf(revisions: readonly StoredRevision[]): Set<string> {
  return new Set(revisions.flatMap(({ sha256 }) => sha256 ?? []))
}

function isHidden(ctx: TreeContext, path: string): boolean {
  return ctx.protected.matches(path.split('/'), false)
}

async function isGone(ctx: TreeContext, path: string): Promise<boolean> {
  try {
    using place = await walkTo(ctx, path, { followLast: false })
    return place.target === null
  } catch (error) {
    if (error instanceof AppError && error.code === 'FILE_NOT_FOUND') return true
    throw error
  }
}

/** The path without links, so that a file has one history by whatever name; what is gone has its own name. */
async function canonicalPath(ctx: TreeContext, path: string, followLast = true): Promise<string> {
  try {
    using place = await walkTo(ctx, path, { followLast })
    return place.names.join('/')
  } catch (error) {
    if (error instanceof AppError && error.code === 'FILE_NOT_FOUND') return plain(path)
    throw error
  }
}

function plain(path: string): string {
  return path
    .split('/')
    .filter((name) => name !== '' && name !== '.')
    .join('/')
}

function shown({ storedBytes: _stored, fileRevision: _number, ...revision }: StoredRevision): FileRevision {
  return revision
}
