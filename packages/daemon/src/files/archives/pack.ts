import { constants, type Stats } from 'node:fs'
import { open, readlink, type FileHandle } from 'node:fs/promises'
import { AppError } from '@hatchery/core/errors'
import { bytesFromName, type FileEntry, type PackOptions } from '@hatchery/core/runtime'
import { invalid, notFound, whenGone } from '../file-errors.ts'
import { PATH_FLAGS, below, itself } from '../open-beneath.ts'
import { walkTo, type TreeContext } from '../tree-context.ts'
import { walkTree } from '../walk-tree.ts'
import { writeFile } from '../write-file.ts'
import type { PackEntry } from './archive-entry.ts'
import { compress } from './compression.ts'
import { writeTar } from './write-tar.ts'
import { writeZip } from './write-zip.ts'

const PIECE_BYTES = 1024 * 1024

/** Packs what lies in one directory into a new file. It has its name when it is whole. */
export async function pack(ctx: TreeContext, options: PackOptions): Promise<FileEntry> {
  const { to, format } = options
  const entries = entriesOf(ctx, options)
  const whole = format === 'zip' ? writeZip(entries) : writeTar(entries)
  const packed = format === 'tar.gz' ? compress(whole, 'gzip') : format === 'tar.zst' ? compress(whole, 'zstd') : whole
  return writeFile(ctx, to, limited(packed, options.maxBytes ?? Infinity), { mustBeNew: true })
}

async function* limited(source: AsyncIterable<Uint8Array>, maxBytes: number) {
  let bytes = 0
  for await (const piece of source) {
    bytes += piece.length
    if (bytes > maxBytes) throw new AppError('ARCHIVE_TOO_LARGE', { reason: `there is room for ${maxBytes} bytes` })
    yield piece
  }
}

async function* entriesOf(
  ctx: TreeContext,
  { directory, names, signal, onProgress }: PackOptions,
): AsyncGenerator<PackEntry, void, undefined> {
  let done = { files: 0, bytes: 0 }
  const count = (files: number, bytes: number) => {
    done = { files: done.files + files, bytes: done.bytes + bytes }
    onProgress?.(done)
  }
  for (const name of names) {
    if (name === '' || name === '.' || name === '..' || name.includes('/')) return invalid(name)
    await using place = await walkTo(ctx, `${directory}/${name}`, { followLast: false })
    const target = place.target ?? notFound(name)
    const info = await target.stat()
    const base = place.names.slice(0, -1)
    // What is protected is left out, as if it were not there.
    const isOpen = (path: readonly string[], isDirectory: boolean) =>
      !ctx.protected.matches([...base, ...path], isDirectory)
    if (!place.name || !isOpen([name], info.isDirectory())) continue
    yield* entryOf(place.parent, place.name, [name], info, count)
    if (!info.isDirectory()) continue
    for await (const visit of walkTree(target, signal, [name])) {
      if (!isOpen(visit.names, visit.info.isDirectory())) visit.skip()
      else yield* entryOf(visit.parent, visit.name, visit.names, visit.info, count)
    }
  }
}

async function* entryOf(
  parent: FileHandle,
  name: Buffer,
  names: readonly string[],
  info: Stats,
  count: (files: number, bytes: number) => void,
): AsyncGenerator<PackEntry, void, undefined> {
  const path = bytesFromName(names.join('/'))
  const facts = { path, mode: info.mode & 0o777, modifiedAt: Math.max(0, info.mtimeMs) }
  const nothing = { linkTarget: Buffer.alloc(0), sizeBytes: 0, body: emptyBody }
  if (info.isDirectory()) yield { ...facts, ...nothing, type: 'directory' }
  else if (info.isSymbolicLink()) {
    const linkTarget = await readlink(below(parent, name), 'buffer').catch(whenGone)
    if (linkTarget) yield { ...facts, ...nothing, type: 'symlink', linkTarget }
  } else if (info.isFile()) {
    await using pinned = await open(below(parent, name), PATH_FLAGS).catch(whenGone)
    if (!pinned || !(await pinned.stat()).isFile()) return
    await using file = await open(itself(pinned), constants.O_RDONLY | constants.O_NONBLOCK)
    const { size } = await file.stat()
    yield { ...facts, ...nothing, type: 'file', sizeBytes: size, body: () => contentOf(file, size, count) }
  }
  count(1, 0)
}

async function* emptyBody(): AsyncGenerator<Uint8Array, void, undefined> {
  // Directories and links have no content.
}

/** Exactly the size that was announced: what grows meanwhile is cut, what shrinks is filled up with zeros. */
async function* contentOf(
  file: FileHandle,
  size: number,
  count: (files: number, bytes: number) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < size;) {
    const buffer = Buffer.alloc(Math.min(PIECE_BYTES, size - at))
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at)
    const piece = bytesRead === 0 ? buffer : buffer.subarray(0, bytesRead)
    at += piece.length
    count(0, piece.length)
    yield piece
  }
}
