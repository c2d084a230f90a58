import { nameFromBytes } from '@hatchery/core/runtime'
import { broken, type ArchiveEntry } from './archive-entry.ts'
import type { ByteReader } from './byte-reader.ts'

const BLOCK = 512
/** Names and other facts about an entry never take more. */
const MAX_FACTS_BYTES = 1024 * 1024

type Facts = Map<string, Buffer>

/** The entries of a tar, in every dialect that is about: ustar, POSIX with its extended headers, and GNU's long names. */
export async function* readTar(reader: ByteReader): AsyncGenerator<ArchiveEntry, void, undefined> {
  let facts: Facts = new Map()
  try {
    for (;;) {
      const header = await reader.take(BLOCK)
      if (header.length === 0) return
      if (header.length < BLOCK) throw broken('it ends in the middle of an entry')
      if (header.every((byte) => byte === 0)) return
      if (!hasChecksum(header)) throw broken('an entry of it is damaged')
      const kind = String.fromCharCode(header[156]!)
      const size = sizeOf(header, facts)
      if ('xgLK'.includes(kind)) {
        const bytes = await takeFacts(reader, size)
        if (kind === 'x') facts = new Map([...facts, ...paxOf(bytes)])
        else if (kind === 'L') facts.set('path', untilNul(bytes))
        else if (kind === 'K') facts.set('linkpath', untilNul(bytes))
        continue
      }
      const body = new EntryBody(reader, hasBody(kind) ? size : 0)
      yield entryOf(header, kind, facts, body)
      await body.skip()
      facts = new Map()
    }
  } finally {
    await reader.close()
  }
}

function hasBody(kind: string): boolean {
  return !'123456'.includes(kind)
}

function entryOf(header: Buffer, kind: string, facts: Facts, body: EntryBody): ArchiveEntry {
  const path = facts.get('path') ?? pathOf(header)
  const seconds = facts.has('mtime') ? Number(facts.get('mtime')!.toString('latin1')) : numberAt(header, 136, 12)
  const isDirectory = kind === '5' || ((kind === '0' || kind === '\0') && path.at(-1) === 0x2f)
  const types: Readonly<Record<string, ArchiveEntry['type']>> = {
    '0': 'file',
    '\0': 'file',
    '7': 'file',
    '1': 'hardlink',
    '2': 'symlink',
    '5': 'directory',
  }
  return {
    path: nameFromBytes(path),
    // Sparse files of GNU's own kind and devices are left out.
    type: isDirectory ? 'directory' : (types[kind] ?? 'other'),
    mode: numberAt(header, 100, 8) & 0o777,
    modifiedAt: Number.isFinite(seconds) && seconds >= 0 ? Math.floor(seconds * 1000) : null,
    sizeBytes: body.sizeBytes,
    packedBytes: null,
    position: body.position,
    isEncrypted: false,
    linkTarget: nameFromBytes(facts.get('linkpath') ?? untilNul(header.subarray(157, 257))),
    body: body.pieces(),
  }
}

function pathOf(header: Buffer): Buffer {
  const name = untilNul(header.subarray(0, 100))
  const isPosix = header.toString('latin1', 257, 263) === 'ustar\0'
  const prefix = isPosix ? untilNul(header.subarray(345, 500)) : Buffer.alloc(0)
  return prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.from('/'), name])
}

function sizeOf(header: Buffer, facts: Facts): number {
  const size = facts.has('size') ? Number(facts.get('size')!.toString('latin1')) : numberAt(header, 124, 12)
  if (!Number.isSafeInteger(size) || size < 0) throw broken('an entry of it has no sensible size')
  return size
}

/** Octal digits, or for large values the number itself behind a marked byte. */
function numberAt(header: Buffer, at: number, length: number): number {
  const field = header.subarray(at, at + length)
  if ((field[0]! & 0x80) !== 0) {
    let value = field[0]! & 0x7f
    for (const byte of field.subarray(1)) value = value * 256 + byte
    return value
  }
  const text = field
    .toString('latin1')
    .replace(/[\0 ].*$/s, '')
    .trim()
  return text === '' ? 0 : /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number.NaN
}

/** Whether a block is a header of a tar, of whatever dialect. */
export function hasChecksum(header: Buffer): boolean {
  const stated = Number.parseInt(header.toString('latin1', 148, 156).replace(/\0.*$/s, '').trim(), 8)
  let [unsigned, signed] = [0, 0]
  for (let at = 0; at < BLOCK; at++) {
    const byte = at >= 148 && at < 156 ? 0x20 : header[at]!
    unsigned += byte
    signed += byte > 127 ? byte - 256 : byte
  }
  return stated === unsigned || stated === signed
}

async function takeFacts(reader: ByteReader, size: number): Promise<Buffer> {
  if (size > MAX_FACTS_BYTES) throw broken('an entry of it has a name without end')
  const bytes = await reader.take(padded(size))
  if (bytes.length < padded(size)) throw broken('it ends in the middle of an entry')
  return bytes.subarray(0, size)
}

/** `length key=value\n`, again and again. */
function paxOf(bytes: Buffer): Facts {
  const facts: Facts = new Map()
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at)
    const length = space < 0 ? Number.NaN : Number(bytes.toString('latin1', at, space))
    const end = at + length
    const equals = bytes.indexOf(0x3d, space)
    if (!Number.isInteger(length) || end > bytes.length || end <= space || equals < 0 || equals >= end) {
      throw broken('an extended header of it is damaged')
    }
    const value = bytes.subarray(equals + 1, end - 1)
    if (value.includes(0)) throw broken('a name in it holds a NUL')
    facts.set(bytes.toString('utf8', space + 1, equals), Buffer.from(value))
    at = end
  }
  return facts
}

function untilNul(field: Buffer): Buffer {
  const end = field.indexOf(0)
  return Buffer.from(end < 0 ? field : field.subarray(0, end))
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK
}

/** What lies between one header and the next. */
class EntryBody {
  readonly sizeBytes: number
  /** Of its first byte. */
  readonly position: number
  readonly #reader: ByteReader
  readonly #padding: number
  #left: number

  constructor(reader: ByteReader, size: number) {
    this.sizeBytes = size
    this.position = reader.position
    this.#reader = reader
    this.#left = size
    this.#padding = padded(size) - size
  }

  async *pieces(): AsyncGenerator<Uint8Array, void, undefined> {
    while (this.#left > 0) {
      const piece = await this.#reader.some(this.#left)
      if (!piece) throw broken('it ends in the middle of an entry')
      this.#left -= piece.length
      yield piece
    }
  }

  async skip(): Promise<void> {
    const rest = this.#left + this.#padding
    if ((await this.#reader.skip(rest)) < rest) throw broken('it ends in the middle of an entry')
  }
}
