import type { FileHandle } from 'node:fs/promises'
import { createInflateRaw, crc32 } from 'node:zlib'
import { nameFromBytes } from '@hatchery/core/runtime'
import { readAt } from '../open-file.ts'
import { AppError } from '@hatchery/core/errors'
import { broken, unsupported, type ArchiveEntry } from './archive-entry.ts'
import { CHUNK, throughStream } from './compression.ts'

const PIECE_BYTES = 1024 * 1024
const MAX_DIRECTORY_BYTES = 256 * 1024 * 1024
const LARGE = 0xffffffff
const STORED = 0
const DEFLATED = 8

interface Directory {
  readonly offset: number
  readonly size: number
  readonly count: number
}

interface Found {
  readonly name: Buffer
  readonly method: number
  readonly flags: number
  readonly crc: number
  readonly compressed: number
  readonly size: number
  readonly offset: number
  readonly modifiedAt: number | null
  /** Type and permissions where the archive was made on Unix; 0 otherwise. */
  readonly unixMode: number
}

/** Whether everything in a zip is packed by the two methods that are read here; encryption has others. */
export async function isPlainZip(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat()
  const found = await readDirectory(file, await findDirectory(file, size))
  return found.every(({ method, flags }) => method === STORED || method === DEFLATED || (flags & 1) !== 0)
}

/** The entries of a zip as its directory at the end names them; what else lies in the file is not looked at. */
export async function* readZip(file: FileHandle): AsyncGenerator<ArchiveEntry, void, undefined> {
  const { size } = await file.stat()
  for (const found of await readDirectory(file, await findDirectory(file, size))) yield entryOf(file, size, found)
}

function entryOf(file: FileHandle, fileSize: number, found: Found): ArchiveEntry {
  const { name, unixMode, modifiedAt } = found
  // Some programs of Windows separate names by their own mark.
  const text = nameFromBytes(name)
  const path = text.includes('/') ? text : text.replaceAll('\\', '/')
  const kind = unixMode & 0o170000
  const type = path.endsWith('/')
    ? 'directory'
    : kind === 0o120000
      ? 'symlink'
      : kind === 0 || kind === 0o100000
        ? 'file'
        : 'other'
  const mode = unixMode & 0o777 || (type === 'directory' ? 0o755 : 0o644)
  return {
    path,
    type,
    mode,
    modifiedAt,
    sizeBytes: found.size,
    packedBytes: found.compressed,
    position: null,
    isEncrypted: (found.flags & 1) !== 0,
    linkTarget: '',
    body: contentOf(file, fileSize, found),
  }
}

async function* contentOf(
  file: FileHandle,
  fileSize: number,
  { name, method, flags, crc, compressed, size, offset }: Found,
): AsyncGenerator<Uint8Array, void, undefined> {
  if ((flags & 1) !== 0) throw new AppError('ARCHIVE_ENCRYPTED')
  if (method !== STORED && method !== DEFLATED)
    throw unsupported(`it is packed by a method that is not known (${method})`)
  const local = await readAt(file, offset, 30)
  if (local.length < 30 || local.readUInt32LE(0) !== 0x04034b50) throw broken('an entry of it is damaged')
  const begin = offset + 30 + local.readUInt16LE(26) + local.readUInt16LE(28)
  if (begin + compressed > fileSize) throw broken('it ends in the middle of an entry')
  const raw = pieces(file, begin, compressed)
  let [sum, length] = [0, 0]
  for await (const piece of method === DEFLATED ? throughStream(raw, createInflateRaw(CHUNK)) : raw) {
    length += piece.length
    if (length > size) throw broken(`more comes out of ${nameFromBytes(name).slice(0, 100)} than it says`)
    sum = crc32(piece, sum)
    yield piece
  }
  if (length !== size || sum !== crc) throw broken(`${nameFromBytes(name).slice(0, 100)} is damaged`)
}

async function* pieces(file: FileHandle, begin: number, length: number): AsyncGenerator<Buffer, void, undefined> {
  for (let at = 0; at < length;) {
    const piece = await readAt(file, begin + at, Math.min(PIECE_BYTES, length - at))
    if (piece.length === 0) throw broken('it ends in the middle of an entry')
    yield piece
    at += piece.length
  }
}

async function findDirectory(file: FileHandle, size: number): Promise<Directory> {
  const length = Math.min(size, 22 + 0xffff)
  const tail = await readAt(file, size - length, length)
  for (let at = tail.length - 22; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== 0x06054b50 || at + 22 + tail.readUInt16LE(at + 20) !== tail.length) continue
    // The last part of several names its own number.
    const part = tail.readUInt16LE(at + 4)
    if (part !== 0 && part !== 0xffff) throw unsupported('it is one part of several')
    const plain = {
      count: tail.readUInt16LE(at + 10),
      size: tail.readUInt32LE(at + 12),
      offset: tail.readUInt32LE(at + 16),
    }
    const isLarge = plain.count === 0xffff || plain.size === LARGE || plain.offset === LARGE
    const found = isLarge ? ((await findLarge(file, size - length + at)) ?? plain) : plain
    if (found.offset + found.size > size) throw broken('its directory lies outside of it')
    return found
  }
  throw broken('it has no directory at its end')
}

async function findLarge(file: FileHandle, end: number): Promise<Directory | null> {
  const locator = await readAt(file, Math.max(0, end - 20), 20)
  if (locator.length < 20 || locator.readUInt32LE(0) !== 0x07064b50) return null
  const record = await readAt(file, numberAt(locator, 8), 56)
  if (record.length < 56 || record.readUInt32LE(0) !== 0x06064b50) throw broken('its directory is damaged')
  return { count: numberAt(record, 32), size: numberAt(record, 40), offset: numberAt(record, 48) }
}

async function readDirectory(file: FileHandle, { offset, size, count }: Directory): Promise<Found[]> {
  if (size > MAX_DIRECTORY_BYTES) throw broken('its directory is too large')
  const bytes = await readAt(file, offset, size)
  const found: Found[] = []
  for (let at = 0; found.length < count;) {
    if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== 0x02014b50) throw broken('its directory is damaged')
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) => bytes.readUInt16LE(at + field)) as [
      number,
      number,
      number,
    ]
    const end = at + 46 + nameLength + extraLength + commentLength
    if (end > bytes.length) throw broken('its directory is damaged')
    found.push(recordAt(bytes, at, nameLength, extraLength))
    at = end
  }
  return found
}

function recordAt(bytes: Buffer, at: number, nameLength: number, extraLength: number): Found {
  const name = Buffer.from(bytes.subarray(at + 46, at + 46 + nameLength))
  const extra = bytes.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength)
  const values = {
    size: bytes.readUInt32LE(at + 24),
    compressed: bytes.readUInt32LE(at + 20),
    offset: bytes.readUInt32LE(at + 42),
  }
  readLarge(extra, values)
  const isUnix = bytes.readUInt16LE(at + 4) >> 8 === 3
  return {
    name,
    flags: bytes.readUInt16LE(at + 8),
    method: bytes.readUInt16LE(at + 10),
    modifiedAt: timeOf(bytes.readUInt32LE(at + 12)),
    crc: bytes.readUInt32LE(at + 16),
    unixMode: isUnix ? bytes.readUInt32LE(at + 38) >>> 16 : 0,
    ...values,
  }
}

/** Values that have no room in the record stand in a field behind it, in this order. */
function readLarge(extra: Buffer, values: { size: number; compressed: number; offset: number }): void {
  for (let at = 0; at + 4 <= extra.length;) {
    const [id, length] = [extra.readUInt16LE(at), extra.readUInt16LE(at + 2)]
    if (id === 1) {
      let next = at + 4
      for (const field of ['size', 'compressed', 'offset'] as const) {
        if (values[field] !== LARGE) continue
        if (next + 8 > at + 4 + length || next + 8 > extra.length) throw broken('its directory is damaged')
        values[field] = numberAt(extra, next)
        next += 8
      }
    }
    at += 4 + length
  }
}

function numberAt(bytes: Buffer, at: number): number {
  const value = bytes.readBigUInt64LE(at)
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw broken('a size in it makes no sense')
  return Number(value)
}

function timeOf(value: number): number | null {
  const [day, time] = [value >>> 16, value & 0xffff]
  if (day === 0) return null
  const at = Date.UTC(1980 + (day >> 9), ((day >> 5) & 15) - 1, day & 31, time >> 11, (time >> 5) & 63, (time & 31) * 2)
  return Number.isFinite(at) ? at : null
}
