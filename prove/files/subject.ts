import { randomUUID } from 'node:crypto'
import type { FileTree } from '@hatchery/core/runtime'
import { tarOf } from './tar-of.ts'

export interface Owner {
  readonly uid: number
  readonly gid: number
}

/** What is told of one name. */
export interface Facts {
  readonly type: string
  readonly sizeBytes: number
  readonly modifiedAt: number
}

/** Everything that can be done with a server's files, as the attack calls it, through whichever door. */
export interface Subject {
  read(file: string): Promise<Uint8Array>
  /** The same by a file that is opened first. */
  readOpen(file: string): Promise<Uint8Array>
  write(file: string, content: Uint8Array): Promise<unknown>
  writePieces(file: string, content: Uint8Array): Promise<unknown>
  /** Changes the first byte of what is there. */
  patch(file: string): Promise<unknown>
  /** Opens a file that is made where nothing is. */
  create(file: string): Promise<unknown>
  truncate(file: string): Promise<unknown>
  facts(file: string): Promise<Facts | null>
  names(directory: string): Promise<readonly string[]>
  sizes(directory: string): Promise<readonly string[]>
  /** Paths of files below that hold a text. */
  search(directory: string, text: string): Promise<readonly string[]>
  makeDirectory(directory: string): Promise<unknown>
  makeDirectories(directory: string): Promise<unknown>
  move(from: string, to: string): Promise<unknown>
  replace(from: string, to: string): Promise<unknown>
  copy(from: string, to: string): Promise<unknown>
  remove(file: string): Promise<unknown>
  chmod(file: string, mode: number): Promise<unknown>
  chmodAll(directory: string, mode: number): Promise<unknown>
  setTimes(file: string, at: number): Promise<unknown>
  makeLink(file: string): Promise<unknown>
  hardLink(existing: string, file: string): Promise<unknown>
  checksum(file: string): Promise<string>
  pack(directory: string, names: readonly string[], to: string): Promise<unknown>
  packStream(directory: string, names: readonly string[]): Promise<Uint8Array>
  unpack(archive: string, to: string): Promise<unknown>
  unpackStream(to: string): Promise<unknown>
  /** What the history keeps of a file, which then forgets it under another name. */
  keptContent(file: string, otherName: string): Promise<Uint8Array>
  /** What lies in an archive. */
  archiveNames(archive: string): Promise<readonly string[]>
  archiveRead(archive: string, member: string): Promise<Uint8Array>
  /** Deletes to the trash; answers under which id it lies there. */
  trash(file: string): Promise<string>
  restore(id: string, to: string): Promise<unknown>
  forget(id: string): Promise<unknown>
  /** A whole upload in two pieces. */
  upload(file: string, content: Uint8Array): Promise<unknown>
}

const PACKED = await tarOf({ planted: 'inside', 'deep/planted': 'inside' })

async function* pieces(content: Uint8Array) {
  yield content
}

/** A file tree, whoever does its work. */
export function treeSubject(tree: FileTree): Subject {
  async function* halves(content: Uint8Array) {
    yield content.subarray(0, 1)
    yield content.subarray(1)
  }
  return {
    read: (file) => tree.read(file),
    async readOpen(file) {
      await using opened = await tree.open(file)
      return await opened.read(0, 1000)
    },
    write: (file, content) => tree.write(file, content),
    writePieces: (file, content) => tree.writeFrom(file, halves(content)),
    async patch(file) {
      await using opened = await tree.open(file, { canWrite: true })
      await opened.write(0, Buffer.from('I'))
    },
    async create(file) {
      await using opened = await tree.open(file, { canWrite: true, create: 'must-be-new' })
      await opened.write(0, Buffer.from('I'))
    },
    async truncate(file) {
      await using opened = await tree.open(file, { canWrite: true, create: 'if-missing', truncates: true })
      await opened.write(0, Buffer.from('inside'))
    },
    facts: (file) => tree.stat(file, { followLinks: true }),
    names: async (directory) => (await tree.list(directory)).entries.map(({ name }) => name),
    sizes: async (directory) => (await tree.diskUse(directory)).children.map(({ name }) => name),
    search: async (directory, text) =>
      (await tree.search(directory, { text, limit: 10 })).matches.map((match) => match.path),
    makeDirectory: (directory) => tree.makeDirectory(directory),
    makeDirectories: (directory) => tree.makeDirectory(directory, { isRecursive: true }),
    move: (from, to) => tree.move(from, to),
    replace: (from, to) => tree.move(from, to, { replace: true }),
    copy: (from, to) => tree.copy(from, to),
    remove: (file) => tree.remove(file),
    chmod: (file, mode) => tree.chmod(file, { mode }),
    chmodAll: (directory, mode) => tree.chmod(directory, { mode, directoryMode: 0o750, isRecursive: true }),
    setTimes: (file, at) => tree.setTimes(file, { accessedAt: at, modifiedAt: at }),
    makeLink: (file) => tree.makeLink(file, 'anything'),
    hardLink: (existing, file) => tree.hardLink(existing, file),
    checksum: (file) => tree.checksum(file, 'sha256'),
    pack: (directory, names, to) => tree.pack({ directory, names, to, format: 'tar' }),
    async packStream(directory, names) {
      const parts: Uint8Array[] = []
      for await (const part of tree.packStream({ directory, names, format: 'tar' })) parts.push(part)
      return Buffer.concat(parts)
    },
    unpackStream: (to) => tree.unpackFrom(pieces(PACKED), { to, replace: true, maxBytes: 1_000_000 }),
    async keptContent(file, otherName) {
      const author = { user: null, name: null, via: 'page' } as const
      const kept = await tree.history.keep(file, { id: randomUUID(), at: Date.now(), author, maxContentBytes: 10_000 })
      const [newest] = await tree.history.list(file)
      await tree.history.listLost()
      // Of what is gone by now there may be neither.
      const found = kept ?? newest
      if (!found) throw new Error('nothing was kept')
      await tree.history.find(found.id)
      const content = await tree.history.read(found.id)
      await tree.history.move(file, otherName)
      await tree.history.forget(otherName)
      return content
    },
    archiveNames: async (archive) => (await tree.archives.list(archive)).members.map(({ name }) => name),
    async archiveRead(archive, member) {
      await using opened = await tree.archives.open(archive, member)
      return await opened.read(0, 1000)
    },
    unpack: (archive, to) => tree.unpack(archive, { to, replace: true, maxBytes: 1_000_000 }),
    async trash(file) {
      const id = randomUUID()
      await tree.trash.put(file, { id, at: Date.now() })
      return id
    },
    restore: (id, to) => tree.trash.restore(id, to),
    forget: (id) => tree.trash.remove(id),
    async upload(path, content) {
      const id = randomUUID()
      try {
        await tree.uploads.begin({ id, owner: 'me', path, sizeBytes: content.length }, {})
        await tree.uploads.append(id, 0, halves(content))
        await tree.uploads.finish(id)
      } finally {
        await tree.uploads.cancel(id)
      }
    },
  }
}
