import { createHash } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import { AppError } from '@hatchery/core/errors'
import type { ArchiveMember, FileEntry } from '@hatchery/core/api'
import type { AgentHandlers, DataStream, FileMethod } from '@hatchery/core/protocol'

import { FakeHistory } from './fake-history.ts'

interface FakeUpload {
  readonly owner: string
  readonly path: string
  readonly sizeBytes: number
  content: Buffer
}

const MAX_FILES = 5_000
const MAX_BYTES = 64 * 1024 * 1024

/** As full as a disk can be: who writes without end is told so, and fills no memory. */
class Disk extends Map<string, Buffer> {
  override set(path: string, content: Buffer): this {
    const others = [...this].reduce((sum, [name, { length }]) => sum + (name === path ? 0 : length), 0)
    if ((this.size >= MAX_FILES && !this.has(path)) || others + content.length > MAX_BYTES) {
      throw new AppError('DISK_FULL', { reason: 'the disk of the fake node is full' })
    }
    return super.set(path, content)
  }
}

/** The files of a fake agent: one flat tree in memory, whose bytes travel on real data sockets. For tests. */
export class FakeFiles {
  readonly content: Map<string, Buffer> = new Disk()
  readonly uploads = new Map<string, FakeUpload>()
  readonly trash = new Map<string, { readonly path: string; readonly content: Buffer }>()
  readonly history: FakeHistory
  readonly #open: (ticket: string) => Promise<DataStream>
  readonly #finish: (operation: string, server: string) => void

  constructor(open: (ticket: string) => Promise<DataStream>, finish: (operation: string, server: string) => void) {
    this.#open = open
    this.#finish = finish
    this.history = new FakeHistory(
      this.content,
      (ticket, bytes) => this.#send(ticket, bytes),
      (path) => this.#entry(path),
    )
  }

  handlers(): Pick<AgentHandlers, FileMethod> {
    return {
      'files.list': async ({ offset, limit }) => {
        const names = [...this.content.keys()].toSorted()
        return { entries: names.slice(offset, offset + limit).map((name) => this.#entry(name)), total: names.length }
      },
      'files.stat': async ({ path }) => ({ entry: this.content.has(path) ? this.#entry(path) : null }),
      'files.read': async ({ path, offset, length, ifRevision, ticket }) => {
        const content = this.#get(path)
        const entry = this.#entry(path)
        if (ifRevision !== null && ifRevision !== entry.revision) throw new AppError('REVISION_MISMATCH')
        const part = content.subarray(offset, length === null ? undefined : offset + length)
        await this.#send(ticket, part)
        return { entry }
      },
      'files.write': async ({ path, ticket, ifRevision, mode, author }) => {
        const before = this.content.get(path)
        if (mode === 'create' && before) throw new AppError('FILE_EXISTS', { path })
        if (mode === 'replace' && !before) throw new AppError('FILE_NOT_FOUND', { path })
        if (ifRevision !== null && (!before || this.#entry(path).revision !== ifRevision)) {
          throw new AppError('REVISION_MISMATCH')
        }
        const stream = await this.#open(ticket)
        this.content.set(path, await buffer(stream.receive()))
        this.history.keep(path, author)
        return { entry: this.#entry(path) }
      },
      'files.create': async ({ path }) => {
        if (this.content.has(path)) throw new AppError('FILE_EXISTS', { path })
        this.content.set(path, Buffer.alloc(0))
        return { entry: this.#entry(path) }
      },
      'files.move': async ({ moves }) => {
        for (const { from, to } of moves) {
          this.content.set(to, this.#get(from))
          this.content.delete(from)
        }
        return { done: moves.length, failures: [] }
      },
      'files.copy': async ({ from, to, operation, server }) => {
        // As a node does: that there is nothing to copy shows when the work has begun.
        const found = this.content.get(from)
        if (found) this.content.set(to, found)
        this.#finish(operation, server)
        return {}
      },
      'files.pack': async ({ to, operation, server }) => {
        this.content.set(to, Buffer.from('packed'))
        this.#finish(operation, server)
        return {}
      },
      'files.unpack': async ({ path, operation, server }) => {
        this.#get(path)
        this.#finish(operation, server)
        return {}
      },
      'files.archiveList': async ({ path, offset, limit }) => {
        const members = membersOf(this.#get(path))
        return {
          members: [...members].slice(offset, offset + limit).map(([name, content]) => memberOf(name, content)),
          total: members.size,
          revision: this.#entry(path).revision,
        }
      },
      'files.archiveStat': async ({ path, member }) => ({ entry: this.#member(path, member).entry }),
      'files.archiveRead': async ({ path, member, offset, length, ifRevision, ticket }) => {
        const { entry, content } = this.#member(path, member)
        if (ifRevision !== null && ifRevision !== entry.revision) throw new AppError('REVISION_MISMATCH')
        await this.#send(ticket, content.subarray(offset, length === null ? undefined : offset + length))
        return { entry }
      },
      'files.decompress': async ({ path, maxBytes, ticket }) => {
        const content = gunzipSync(this.#get(path))
        const part = content.subarray(0, maxBytes)
        await this.#send(ticket, part)
        return { entry: this.#entry(path), sizeBytes: part.length, isTruncated: part.length < content.length }
      },
      'files.delete': async ({ paths }) => {
        for (const path of paths) this.trash.set(path, { path, content: this.#get(path) })
        for (const oldest of [...this.trash.keys()].slice(0, -MAX_FILES)) this.trash.delete(oldest)
        for (const path of paths) this.content.delete(path)
        return { done: paths.length, failures: [] }
      },
      'files.chmod': async ({ changes }) => ({ done: changes.length, failures: [] }),
      'files.checksum': async ({ path, algorithm }) => ({
        checksum: createHash(algorithm === 'crc32' ? 'md5' : algorithm)
          .update(this.#get(path))
          .digest('hex'),
      }),
      'files.diskUse': async () => ({ diskBytes: 0, entries: this.content.size, children: [], isPartial: false }),
      'files.search': async ({ text = '', limit }) => {
        // Node 24.21 ends with a failed assertion when a lone surrogate is looked for as text.
        const wanted = Buffer.from(text)
        const matches = [...this.content].flatMap(([path, content]) => {
          const { type, sizeBytes, modifiedAt } = this.#entry(path)
          return content.includes(wanted) ? [{ path, type, sizeBytes, modifiedAt, lines: [] }] : []
        })
        return { matches: matches.slice(0, limit), isPartial: false }
      },
      'uploads.begin': async ({ upload, owner, path, sizeBytes }) => {
        if (this.uploads.size >= MAX_FILES) throw new AppError('DISK_FULL', { reason: 'too many uploads' })
        if (!this.uploads.has(upload)) this.uploads.set(upload, { owner, path, sizeBytes, content: Buffer.alloc(0) })
        return this.#upload(upload, owner)
      },
      'uploads.read': async ({ upload, owner }) => this.#upload(upload, owner),
      'uploads.append': async ({ upload, owner, offset, ticket }) => {
        const { offset: end } = this.#upload(upload, owner)
        if (end !== offset) throw new AppError('UPLOAD_OFFSET', { offset: end })
        const stream = await this.#open(ticket)
        const known = this.uploads.get(upload)!
        known.content = Buffer.concat([known.content, await buffer(stream.receive())])
        return this.#upload(upload, owner)
      },
      'uploads.finish': async ({ upload, owner }) => {
        const { path } = this.#upload(upload, owner)
        this.content.set(path, this.uploads.get(upload)!.content)
        this.uploads.delete(upload)
        return { entry: this.#entry(path) }
      },
      'uploads.cancel': async ({ upload, owner }) => {
        this.#upload(upload, owner)
        this.uploads.delete(upload)
        return {}
      },
      ...this.history.handlers(),
      'trash.list': async () => ({
        items: [...this.trash.values()].map(({ path, content }) => ({
          id: idOf(path),
          path,
          type: 'file' as const,
          diskBytes: content.length,
          deletedAt: 0,
          expiresAt: 1,
        })),
      }),
      'trash.restore': async ({ items }) => {
        for (const { id, path: wanted } of items) {
          const [path, item] = [...this.trash].find(([one]) => idOf(one) === id) ?? []
          if (path === undefined || !item) throw new AppError('TRASH_ITEM_NOT_FOUND', { id })
          this.content.set(wanted ?? path, item.content)
          this.trash.delete(path)
        }
        return { done: items.length, failures: [] }
      },
      'trash.delete': async () => {
        const done = this.trash.size
        this.trash.clear()
        return { done, failures: [] }
      },
    }
  }

  #get(path: string): Buffer {
    const content = this.content.get(path)
    if (!content) throw new AppError('FILE_NOT_FOUND', { path })
    return content
  }

  #member(path: string, member: string): { readonly entry: FileEntry; readonly content: Buffer } {
    const content = membersOf(this.#get(path)).get(member)
    if (!content) throw new AppError('ARCHIVE_MEMBER_NOT_FOUND', { member })
    return { entry: { ...this.#entry(path), name: member, sizeBytes: content.length }, content }
  }

  async #send(ticket: string, bytes: Buffer): Promise<void> {
    const stream = await this.#open(ticket)
    stream
      .send(async function* (from) {
        yield bytes.subarray(from)
      })
      // The panel's end says what became of it.
      .catch(() => undefined)
  }

  #entry(path: string): FileEntry {
    const content = this.#get(path)
    return {
      name: path.slice(path.lastIndexOf('/') + 1),
      type: 'file',
      sizeBytes: content.length,
      diskBytes: content.length,
      mode: 0o644,
      modifiedAt: 0,
      linkTarget: null,
      revision: createHash('sha256').update(content).digest().readUIntBE(0, 6),
    }
  }

  #upload(id: string, owner: string) {
    const upload = this.uploads.get(id)
    if (!upload || upload.owner !== owner) throw new AppError('UPLOAD_NOT_FOUND', { id })
    const { path, sizeBytes, content } = upload
    return { id, path, sizeBytes, offset: content.length, expiresAt: 1 }
  }
}

/** An archive of this fake is JSON: names with their text. */
function membersOf(archive: Buffer): ReadonlyMap<string, Buffer> {
  const members = JSON.parse(archive.toString()) as Readonly<Record<string, string>>
  return new Map(Object.entries(members).map(([name, text]) => [name, Buffer.from(text)]))
}

function memberOf(name: string, content: Buffer): ArchiveMember {
  return {
    name,
    type: 'file',
    sizeBytes: content.length,
    packedBytes: null,
    mode: 0o644,
    modifiedAt: null,
    linkTarget: null,
    isEncrypted: false,
  }
}

/** The same path has the same id. */
function idOf(path: string): string {
  const hex = createHash('sha256').update(path).digest('hex')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5')
}
