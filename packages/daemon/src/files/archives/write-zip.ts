import { createDeflateRaw, crc32 } from 'node:zlib'
import { CHUNK, throughStream } from './compression.ts'
import type { PackEntry } from './archive-entry.ts'

const STORED = 0
const DEFLATED = 8
/** Sizes and checksum follow the content; names are UTF-8. */
const FLAGS = 0x0808
const LIMIT = 0xffffffff
const MADE_BY_UNIX = (3 << 8) | 45
const TYPES = { file: 0o100000, directory: 0o040000, symlink: 0o120000 } as const

interface Written {
  readonly entry: PackEntry
  readonly name: Buffer
  readonly offset: number
  readonly method: number
  readonly crc: number
  readonly compressed: number
  readonly size: number
}

/** A zip, written from front to back; what is larger than four gigabytes gets the larger records. */
export async function* writeZip(entries: AsyncIterable<PackEntry>): AsyncGenerator<Uint8Array, void, undefined> {
  const written: Written[] = []
  let offset = 0
  for await (const entry of entries) {
    const name = entry.type === 'directory' ? Buffer.concat([entry.path, Buffer.from('/')]) : entry.path
    const method = entry.type === 'file' ? DEFLATED : STORED
    const isLarge = entry.sizeBytes >= LIMIT - 1024 * 1024
    const local = localHeader(entry, name, method, isLarge)
    yield local
    let [crc, size, compressed] = [0, 0, 0]
    const content = async function* () {
      for await (const piece of bodyOf(entry)) {
        crc = crc32(piece, crc)
        size += piece.length
        yield piece
      }
    }
    const packed = method === DEFLATED ? throughStream(content(), createDeflateRaw({ ...CHUNK, level: 1 })) : content()
    for await (const piece of packed) {
      compressed += piece.length
      yield piece
    }
    const end = descriptor(crc, compressed, size, isLarge)
    yield end
    written.push({ entry, name, offset, method, crc, compressed, size })
    offset += local.length + compressed + end.length
  }
  const begin = offset
  for (const one of written) {
    const record = centralRecord(one)
    yield record
    offset += record.length
  }
  yield endRecords(written.length, begin, offset - begin)
}

async function* bodyOf(entry: PackEntry): AsyncGenerator<Uint8Array, void, undefined> {
  if (entry.type === 'file') yield* entry.body()
  else if (entry.type === 'symlink') yield entry.linkTarget
}

function localHeader(entry: PackEntry, name: Buffer, method: number, isLarge: boolean): Buffer {
  const extra = isLarge ? largeExtra([0n, 0n]) : Buffer.alloc(0)
  const header = Buffer.alloc(30)
  header.writeUInt32LE(0x04034b50, 0)
  header.writeUInt16LE(45, 4)
  header.writeUInt16LE(FLAGS, 6)
  header.writeUInt16LE(method, 8)
  header.writeUInt32LE(dosTime(entry.modifiedAt), 10)
  if (isLarge) header.fill(0xff, 18, 26)
  header.writeUInt16LE(name.length, 26)
  header.writeUInt16LE(extra.length, 28)
  return Buffer.concat([header, name, extra])
}

function descriptor(crc: number, compressed: number, size: number, isLarge: boolean): Buffer {
  const bytes = Buffer.alloc(isLarge ? 24 : 16)
  bytes.writeUInt32LE(0x08074b50, 0)
  bytes.writeUInt32LE(crc, 4)
  if (isLarge) {
    bytes.writeBigUInt64LE(BigInt(compressed), 8)
    bytes.writeBigUInt64LE(BigInt(size), 16)
  } else {
    bytes.writeUInt32LE(compressed, 8)
    bytes.writeUInt32LE(size, 12)
  }
  return bytes
}

function centralRecord({ entry, name, offset, method, crc, compressed, size }: Written): Buffer {
  const large = [size, compressed, offset].filter((value) => value >= LIMIT).map(BigInt)
  const extra = large.length > 0 ? largeExtra(large) : Buffer.alloc(0)
  const record = Buffer.alloc(46)
  record.writeUInt32LE(0x02014b50, 0)
  record.writeUInt16LE(MADE_BY_UNIX, 4)
  record.writeUInt16LE(45, 6)
  record.writeUInt16LE(FLAGS, 8)
  record.writeUInt16LE(method, 10)
  record.writeUInt32LE(dosTime(entry.modifiedAt), 12)
  record.writeUInt32LE(crc, 16)
  record.writeUInt32LE(Math.min(compressed, LIMIT), 20)
  record.writeUInt32LE(Math.min(size, LIMIT), 24)
  record.writeUInt16LE(name.length, 28)
  record.writeUInt16LE(extra.length, 30)
  record.writeUInt32LE(((TYPES[entry.type] | (entry.mode & 0o777)) << 16) >>> 0, 38)
  record.writeUInt32LE(Math.min(offset, LIMIT), 42)
  return Buffer.concat([record, name, extra])
}

function largeExtra(values: readonly bigint[]): Buffer {
  const extra = Buffer.alloc(4 + values.length * 8)
  extra.writeUInt16LE(1, 0)
  extra.writeUInt16LE(values.length * 8, 2)
  for (const [index, value] of values.entries()) extra.writeBigUInt64LE(value, 4 + index * 8)
  return extra
}

function endRecords(count: number, offset: number, size: number): Buffer {
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(Math.min(count, 0xffff), 8)
  end.writeUInt16LE(Math.min(count, 0xffff), 10)
  end.writeUInt32LE(Math.min(size, LIMIT), 12)
  end.writeUInt32LE(Math.min(offset, LIMIT), 16)
  if (count < 0xffff && size < LIMIT && offset < LIMIT) return end
  const large = Buffer.alloc(76)
  large.writeUInt32LE(0x06064b50, 0)
  large.writeBigUInt64LE(44n, 4)
  large.writeUInt16LE(MADE_BY_UNIX, 12)
  large.writeUInt16LE(45, 14)
  large.writeBigUInt64LE(BigInt(count), 24)
  large.writeBigUInt64LE(BigInt(count), 32)
  large.writeBigUInt64LE(BigInt(size), 40)
  large.writeBigUInt64LE(BigInt(offset), 48)
  large.writeUInt32LE(0x07064b50, 56)
  large.writeBigUInt64LE(BigInt(offset + size), 64)
  large.writeUInt32LE(1, 72)
  return Buffer.concat([large, end])
}

/** Date and time in two seconds' steps since 1980, in UTC. */
function dosTime(at: number): number {
  const date = new Date(Math.max(at, Date.UTC(1980, 0, 1)))
  const time = (date.getUTCHours() << 11) | (date.getUTCMinutes() << 5) | (date.getUTCSeconds() >> 1)
  const day = (Math.min(date.getUTCFullYear() - 1980, 127) << 9) | ((date.getUTCMonth() + 1) << 5) | date.getUTCDate()
  return ((day << 16) | time) >>> 0
}
