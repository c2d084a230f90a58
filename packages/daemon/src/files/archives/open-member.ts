import type { FileHandle } from 'node:fs/promises'
import { AppError } from '@hatchery/core/errors'
import type { FileArchives, FileEntry, OpenMember } from '@hatchery/core/runtime'
import { entryOf } from '../file-entries.ts'
import { guarded } from '../file-errors.ts'
import { openRegular, readAt } from '../open-file.ts'
import type { TreeContext } from '../tree-context.ts'
import { unsupported } from './archive-entry.ts'
import { ArchiveIndexes, type IndexedMember } from './archive-index.ts'
import { ByteReader } from './byte-reader.ts'
import { decompress } from './compression.ts'
import { explainDamage, isCompression, openArchive, plainNameOf, recognise } from './open-archive.ts'

/** What is in the archives of one tree. */
export function archivesOf(ctx: TreeContext, indexes: ArchiveIndexes): FileArchives {
  return {
    list: (path, { signal, ...options } = {}) =>
      explained(path, async () => {
        await using file = await openRegular(ctx, path, {})
        const { revision } = entryOf('', await file.stat({ bigint: true }))
        const index = await indexes.of(file, path, revision, signal)
        return { ...index.list(options), revision }
      }),

    open: (path, member) =>
      explained(path, async () => {
        const file = await openRegular(ctx, path, {})
        try {
          return member === null ? await openDecompressed(file, path) : await openIndexed(file, path, member, indexes)
        } catch (error) {
          await file.close()
          throw error
        }
      }),
  }
}

async function openDecompressed(file: FileHandle, path: string): Promise<OpenMember> {
  const kind = await recognise(file)
  if (!isCompression(kind)) throw unsupported('it is an archive, and not a single compressed file')
  const entry = { ...entryOf(plainNameOf(path), await file.stat({ bigint: true })), sizeBytes: 0 }
  return new SequentialMember(file, path, entry, (signal) => decompress(file, kind, { signal }))
}

async function openIndexed(
  file: FileHandle,
  path: string,
  member: string,
  indexes: ArchiveIndexes,
): Promise<OpenMember> {
  const archive = entryOf('', await file.stat({ bigint: true }))
  const found = (await indexes.of(file, path, archive.revision)).find(member)
  if (found.isEncrypted) throw new AppError('ARCHIVE_ENCRYPTED')
  const entry: FileEntry = {
    name: found.name,
    type: 'file',
    sizeBytes: found.sizeBytes ?? 0,
    diskBytes: found.packedBytes ?? found.sizeBytes ?? 0,
    mode: found.mode,
    modifiedAt: found.modifiedAt ?? archive.modifiedAt,
    linkTarget: null,
    revision: archive.revision,
  }
  const kind = await recognise(file)
  const { position } = found
  if (kind === 'tar' && position !== null) return storedMember(file, path, entry, position)
  return new SequentialMember(file, path, entry, (signal) => contentOf(file, path, member, found, signal))
}

/** Lies in the archive as it is: any part of it is read at once. */
function storedMember(file: FileHandle, path: string, entry: FileEntry, position: number): OpenMember {
  return {
    stat: async () => entry,
    read: (offset, length) =>
      guarded(path, () => readAt(file, position + offset, Math.max(0, Math.min(length, entry.sizeBytes - offset)))),
    [Symbol.asyncDispose]: () => file.close(),
  }
}

async function* contentOf(
  file: FileHandle,
  path: string,
  member: string,
  { order }: IndexedMember,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  let at = 0
  const kind = await recognise(file)
  // Of these only what is asked for comes; the others are counted up to the one that is meant.
  const isNamed = kind === '7z' || kind === 'rar' || kind === 'rar5'
  for await (const entry of openArchive(file, path, { signal, members: isNamed ? [member] : undefined })) {
    if (isNamed ? entry.type !== 'file' : at++ !== order) continue
    yield* entry.body
    return
  }
}

/** Comes out of its archive from front to back only: whoever goes back begins anew. */
class SequentialMember implements OpenMember {
  readonly #file: FileHandle
  readonly #path: string
  readonly #entry: FileEntry
  readonly #open: (signal: AbortSignal) => AsyncIterable<Uint8Array>
  readonly #abort = new AbortController()
  #reader: ByteReader | null = null
  /** One after the other: the next part begins where the last one ended. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(
    file: FileHandle,
    path: string,
    entry: FileEntry,
    open: (signal: AbortSignal) => AsyncIterable<Uint8Array>,
  ) {
    this.#file = file
    this.#path = path
    this.#entry = entry
    this.#open = open
  }

  async stat(): Promise<FileEntry> {
    return this.#entry
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    const part = this.#turn.then(() => explained(this.#path, () => this.#readPart(offset, length)))
    this.#turn = part.catch(() => undefined) // the caller has the error
    return part
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort(new AppError('CANCELLED'))
    await this.#turn
    await this.#reader?.close()
    await this.#file.close()
  }

  async #readPart(offset: number, length: number): Promise<Uint8Array> {
    this.#abort.signal.throwIfAborted()
    if (!this.#reader || offset < this.#reader.position) {
      await this.#reader?.close()
      this.#reader = new ByteReader(this.#open(this.#abort.signal))
    }
    const reader = this.#reader
    await reader.skip(offset - reader.position)
    return reader.take(length)
  }
}

function explained<T>(path: string, work: () => Promise<T>): Promise<T> {
  return guarded(path, async () => {
    try {
      return await work()
    } catch (error) {
      throw explainDamage(error)
    }
  })
}
