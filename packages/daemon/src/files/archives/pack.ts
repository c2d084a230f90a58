import { closeSync, constants, fstatSync, openSync, readSync, read, type Stats } from 'node:fs'
import { readlink } from 'node:fs/promises'
import { promisify } from 'node:util'
import { AppError } from '@hatchery/core/errors'
import { bytesFromName, type FileEntry, type PackOptions, type PackStreamOptions } from '@hatchery/core/runtime'
import { invalid, notFound, whenGone } from '../file-errors.ts'
import { Pinned, below, itself, type Descriptor } from '../pinned.ts'
import { walkTo, type TreeContext } from '../tree-context.ts'
import { walkTree, type Visit } from '../walk-tree.ts'
import { writeFile } from '../write-file.ts'
import type { PackEntry } from './archive-entry.ts'
import { compress } from './compression.ts'
import { inBlocks } from './in-blocks.ts'
import { writeTar } from './write-tar.ts'
import { writeZip } from './write-zip.ts'

const PIECE_BYTES = 1024 * 1024
/** A file that is read in one go, like a name in a directory. */
const SHORT_BYTES = 64 * 1024
const readAsync = promisify(read)

/** Packs what lies in one directory into a new file. It has its name when it is whole. */
export async function pack(ctx: TreeContext, options: PackOptions): Promise<FileEntry> {
  const totalBytes = options.onProgress ? await countBytes(ctx, options) : undefined
  const packed = packedBytes(ctx, options, totalBytes)
  return writeFile(ctx, options.to, limited(packed, options.maxBytes ?? Infinity), { mustBeNew: true })
}

/** The archive as it is made, front to back. */
export function packedBytes(
  ctx: TreeContext,
  options: PackStreamOptions,
  totalBytes?: number,
): AsyncIterable<Uint8Array> {
  const { format } = options
  const entries = entriesOf(ctx, options, totalBytes)
  const whole = format === 'zip' ? inBlocks(writeZip(entries)) : inBlocks(writeTar(entries))
  return format === 'tar.gz' ? compress(whole, 'gzip') : format === 'tar.zst' ? compress(whole, 'zstd') : whole
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
  options: PackStreamOptions,
  totalBytes?: number,
): AsyncGenerator<PackEntry, void, undefined> {
  let [files, bytes] = [0, 0]
  const count = (moreFiles: number, moreBytes: number) => {
    files += moreFiles
    bytes += moreBytes
    // What grows meanwhile is no more than all of it.
    const done = totalBytes === undefined ? {} : { done: { bytes: Math.min(bytes, totalBytes), totalBytes } }
    options.onProgress?.({ files, bytes, ...done })
  }
  for await (const { parent, name, names, info } of visitsOf(ctx, options)) {
    yield* entryOf(parent, name, names, info, count)
  }
}

/** What goes in. What is protected is left out, as if it were not there. */
async function* visitsOf(
  ctx: TreeContext,
  { directory, names, signal }: PackStreamOptions,
): AsyncGenerator<Omit<Visit, 'skip'>, void, undefined> {
  for (const name of names) {
    if (name === '' || name === '.' || name === '..' || name.includes('/')) return invalid(name)
    using place = await walkTo(ctx, `${directory}/${name}`, { followLast: false })
    const target = place.target ?? notFound(name)
    const info = target.stat()
    const base = place.names.slice(0, -1)
    const isOpen = (path: readonly string[], isDirectory: boolean) =>
      !ctx.protected.matches([...base, ...path], isDirectory)
    if (!place.name || !isOpen([name], info.isDirectory())) continue
    yield { parent: place.parent, name: place.name, names: [name], info }
    if (!info.isDirectory()) continue
    for await (const visit of walkTree(target, signal, [name])) {
      if (isOpen(visit.names, visit.info.isDirectory())) yield visit
      else visit.skip()
    }
  }
}

/** Bytes of all files that go in, so that progress can say how far of the whole it is. */
async function countBytes(ctx: TreeContext, options: PackStreamOptions): Promise<number> {
  let bytes = 0
  for await (const { info } of visitsOf(ctx, options)) if (info.isFile()) bytes += info.size
  return bytes
}

async function* entryOf(
  parent: Descriptor,
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
    const descriptor = openContent(parent, name)
    if (descriptor === null) return
    try {
      const { size } = fstatSync(descriptor)
      yield { ...facts, ...nothing, type: 'file', sizeBytes: size, body: () => contentOf(descriptor, size, count) }
    } finally {
      closeSync(descriptor)
    }
  }
  count(1, 0)
}

async function* emptyBody(): AsyncGenerator<Uint8Array, void, undefined> {
  // Directories and links have no content.
}

/**
 * A regular file of that name, open for reading; null when it is gone, or none. As the walk itself does, this waits for the disk:
 * the turns of an asynchronous call take longer than the calls, and there are three for each file.
 */
function openContent(parent: Descriptor, name: Buffer): number | null {
  using pinned = Pinned.find(below(parent, name))
  if (!pinned?.stat().isFile()) return null
  return openSync(itself(pinned), constants.O_RDONLY | constants.O_NONBLOCK)
}

/** Exactly the size that was announced: what grows meanwhile is cut, what shrinks is filled up with zeros. */
async function* contentOf(
  descriptor: number,
  size: number,
  count: (files: number, bytes: number) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < size;) {
    const length = Math.min(PIECE_BYTES, size - at)
    const buffer = Buffer.allocUnsafe(length)
    const bytesRead =
      size <= SHORT_BYTES
        ? readSync(descriptor, buffer, 0, length, at)
        : (await readAsync(descriptor, buffer, 0, length, at)).bytesRead
    const piece = bytesRead === 0 ? buffer.fill(0) : buffer.subarray(0, bytesRead)
    at += piece.length
    count(0, piece.length)
    yield piece
  }
}
