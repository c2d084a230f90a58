import type { FileHandle } from 'node:fs/promises'
import { AppError } from '@hatchery/core/errors'
import type { ArchiveListOptions, ArchiveMember, ArchivePage } from '@hatchery/core/runtime'
import { pathNames } from '../open-beneath.ts'
import { tooLarge, type ArchiveEntry } from './archive-entry.ts'
import { isCompression, openArchive, recognise } from './open-archive.ts'

const MAX_ENTRIES = 100_000
/** Members of all indexes that are kept, and indexes. */
const MAX_KEPT_ENTRIES = 150_000
const MAX_KEPT = 8
/** Whoever looks into an archive waits for it. */
const MAX_MS = 90_000
const NOTHING_PACKED = 0

/** Something in an archive, and where it is. */
export interface IndexedMember extends ArchiveMember {
  /** Which of the entries it is, from the first; of directories that no entry names -1. */
  readonly order: number
  /** Where its content lies in the file of the archive, if it lies there as it is. */
  readonly position: number | null
}

/** What lies in one archive, by directory. */
export class ArchiveIndex {
  readonly #directories = new Map<string, Map<string, IndexedMember>>([['', new Map()]])
  readonly #sorted = new Map<string, readonly IndexedMember[]>()
  entries = 0

  add(entry: ArchiveEntry, linkTarget: string, sizeBytes: number | null): void {
    const names = namesOf(entry.path)
    const order = this.entries++
    const name = names?.pop()
    if (!names || name === undefined) return
    const { mode, modifiedAt, packedBytes, position, isEncrypted } = entry
    const type = entry.type === 'hardlink' ? 'file' : entry.type
    const isDirectory = type === 'directory'
    const siblings = this.#makeDirectory(names)
    if (isDirectory) this.#makeDirectory([...names, name])
    siblings.set(name, {
      name,
      type,
      sizeBytes: isDirectory ? NOTHING_PACKED : sizeBytes,
      packedBytes,
      mode: mode & 0o777,
      modifiedAt,
      linkTarget: type === 'symlink' ? linkTarget || null : null,
      isEncrypted,
      order,
      position,
    })
  }

  /** @throws AppError `ARCHIVE_MEMBER_NOT_FOUND` */
  list({ directory = '', offset = 0, limit = Infinity }: ArchiveListOptions): Omit<ArchivePage, 'revision'> {
    const key = (namesOf(directory) ?? missing(directory)).join('/')
    const members = this.#directories.get(key) ?? missing(directory)
    let sorted = this.#sorted.get(key)
    if (!sorted) this.#sorted.set(key, (sorted = [...members.values()].toSorted(inOrder)))
    return { members: sorted.slice(offset, offset + limit).map(describe), total: sorted.length }
  }

  /** @throws AppError `ARCHIVE_MEMBER_NOT_FOUND`; `PATH_INVALID` when it is no file */
  find(path: string): IndexedMember {
    const names = namesOf(path) ?? missing(path)
    const name = names.pop() ?? missing(path)
    const member = this.#directories.get(names.join('/'))?.get(name) ?? missing(path)
    if (member.type !== 'file') throw new AppError('PATH_INVALID', { path: path.slice(0, 200) })
    return member
  }

  /** Of a path, with those above it; what stands in their way becomes one. */
  #makeDirectory(names: readonly string[]): Map<string, IndexedMember> {
    const key = names.join('/')
    const known = this.#directories.get(key)
    if (known) return known
    const name = names.at(-1)!
    const siblings = this.#makeDirectory(names.slice(0, -1))
    if (siblings.get(name)?.type !== 'directory') siblings.set(name, impliedDirectory(name))
    const made = new Map<string, IndexedMember>()
    this.#directories.set(key, made)
    return made
  }
}

/** Indexes of archives that were looked into last, each for one revision of a file. */
export class ArchiveIndexes {
  readonly #kept = new Map<string, ArchiveIndex>()

  /** @throws AppError what opening it throws, `ARCHIVE_TOO_LARGE` */
  async of(file: FileHandle, path: string, revision: number, signal?: AbortSignal): Promise<ArchiveIndex> {
    const { dev, ino, size } = await file.stat()
    const key = `${dev}:${ino}:${size}:${revision}`
    const known = this.#kept.get(key)
    const index = known ?? (await readIndex(file, path, signal))
    // What was used last is the last to go.
    this.#kept.delete(key)
    this.#kept.set(key, index)
    this.#shrink()
    return index
  }

  #shrink(): void {
    let entries = 0
    for (const index of this.#kept.values()) entries += index.entries
    for (const [key, index] of this.#kept) {
      if (this.#kept.size <= MAX_KEPT && (entries <= MAX_KEPT_ENTRIES || this.#kept.size === 1)) return
      entries -= index.entries
      this.#kept.delete(key)
    }
  }
}

async function readIndex(file: FileHandle, path: string, signal?: AbortSignal): Promise<ArchiveIndex> {
  const index = new ArchiveIndex()
  const timeUp = AbortSignal.timeout(MAX_MS)
  const either = signal ? AbortSignal.any([signal, timeUp]) : timeUp
  const isSingle = isCompression(await recognise(file))
  try {
    const onRead = () => either.throwIfAborted()
    for await (const entry of openArchive(file, path, { isListing: true, signal: either, onRead })) {
      either.throwIfAborted()
      if (index.entries >= MAX_ENTRIES) throw tooLarge(`it has more than ${MAX_ENTRIES} entries`)
      const isCounted = isSingle && entry.type === 'file' && entry.sizeBytes === null
      const sizeBytes = isCounted ? await countBytes(entry.body) : entry.sizeBytes
      index.add(entry, entry.linkTarget, sizeBytes)
    }
  } catch (error) {
    if (!timeUp.aborted || signal?.aborted) throw error
    throw tooLarge(`looking into it takes more than ${MAX_MS / 1000} s`)
  }
  return index
}

async function countBytes(body: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0
  for await (const piece of body) bytes += piece.length
  return bytes
}

/** Null for what no file of a server could be called. */
function namesOf(path: string): string[] | null {
  try {
    const names = pathNames(path)
    return names.includes('..') ? null : names
  } catch {
    // A path that is none is left out of the list; unpacking says what is wrong with it.
    return null
  }
}

function impliedDirectory(name: string): IndexedMember {
  const facts = { sizeBytes: 0, packedBytes: null, modifiedAt: null, linkTarget: null, isEncrypted: false } as const
  return { ...facts, name, type: 'directory', mode: 0o755, order: -1, position: null }
}

function describe({ order: _order, position: _position, ...member }: IndexedMember): ArchiveMember {
  return member
}

function inOrder(one: IndexedMember, other: IndexedMember): number {
  const byType = Number(other.type === 'directory') - Number(one.type === 'directory')
  return byType || (one.name < other.name ? -1 : one.name > other.name ? 1 : 0)
}

function missing(member: string): never {
  throw new AppError('ARCHIVE_MEMBER_NOT_FOUND', { member: member.slice(0, 200) })
}
