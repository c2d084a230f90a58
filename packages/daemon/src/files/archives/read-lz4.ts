import { AppError } from '@hatchery/core/errors'
import { broken } from './archive-entry.ts'
import { ByteReader } from './byte-reader.ts'
import { Xxh32 } from './xxh32.ts'

const MAGIC = 0x184d2204
/** Frames of users, whatever is in them, have one of sixteen numbers. */
const SKIPPED = 0x184d2a50
const WINDOW_BYTES = 64 * 1024
const STORED = 0x80000000

/**
 * What comes out of LZ4 frames, one after the other; every checksum that is in them is looked at. No library that is kept reads
 * them piece by piece. Source: https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md
 * @throws AppError `ARCHIVE_INVALID`, `ARCHIVE_UNSUPPORTED`
 */
export async function* readLz4(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = new ByteReader(source)
  try {
    for (let isFirst = true; ; isFirst = false) {
      const start = await reader.take(4)
      if (start.length === 0 && !isFirst) return
      const magic = start.length === 4 ? start.readUInt32LE(0) : 0
      if ((magic & 0xfffffff0) >>> 0 === SKIPPED) await reader.skip((await exactly(reader, 4)).readUInt32LE(0))
      else if (magic === MAGIC) yield* readFrame(reader)
      else throw broken('what is behind its compressed part is none')
    }
  } finally {
    await reader.close()
  }
}

async function* readFrame(reader: ByteReader): AsyncGenerator<Uint8Array, void, undefined> {
  const flags = await exactly(reader, 2)
  const [options, size] = [flags[0]!, (flags[1]! >> 4) & 7]
  if (options >> 6 !== 1 || size < 4) throw broken('its beginning makes no sense')
  if ((options & 1) !== 0) throw new AppError('ARCHIVE_UNSUPPORTED', { reason: 'it needs a dictionary' })
  const rest = await exactly(reader, (options & 8) !== 0 ? 9 : 1)
  const described = new Xxh32().update(flags).update(rest.subarray(0, -1)).digest()
  if (((described >>> 8) & 0xff) !== rest.at(-1)) throw broken('its beginning is damaged')

  const maxBytes = 256 << (2 * size)
  const [isLinked, hasBlockSum, hasSum] = [(options & 0x20) === 0, (options & 0x10) !== 0, (options & 4) !== 0]
  const out = Buffer.allocUnsafe(WINDOW_BYTES + maxBytes)
  const sum = new Xxh32()
  let end = 0
  for (;;) {
    const stated = (await exactly(reader, 4)).readUInt32LE(0)
    if (stated === 0) break
    const length = stated & ~STORED
    if (length > maxBytes) throw broken('a block of it is larger than it says')
    const block = await exactly(reader, length)
    if (hasBlockSum) {
      const blockSum = (await exactly(reader, 4)).readUInt32LE(0)
      if (new Xxh32().update(block).digest() !== blockSum) throw broken('a block of it is damaged')
    }
    // The next block may repeat what came before.
    const begin = isLinked ? Math.min(end, WINDOW_BYTES) : 0
    out.copyWithin(0, end - begin, end)
    end = (stated & STORED) !== 0 ? begin + block.copy(out, begin) : unpackBlock(block, out, begin, begin + maxBytes)
    const piece = Buffer.from(out.subarray(begin, end))
    if (hasSum) sum.update(piece)
    yield piece
  }
  if (hasSum && (await exactly(reader, 4)).readUInt32LE(0) !== sum.digest()) throw broken('it is damaged')
}

/** @returns where in `out` the block ends */
function unpackBlock(block: Buffer, out: Buffer, begin: number, limit: number): number {
  let [at, to] = [0, begin]
  const lengthOf = (short: number) => {
    let length = short
    if (short === 15) {
      for (let byte = 255; byte === 255; length += byte) {
        if (at >= block.length) throw broken('a block of it is damaged')
        byte = block[at++]!
      }
    }
    return length
  }
  while (at < block.length) {
    const token = block[at++]!
    const literals = lengthOf(token >> 4)
    if (at + literals > block.length || to + literals > limit) throw broken('a block of it is damaged')
    block.copy(out, to, at, at + literals)
    at += literals
    to += literals
    if (at === block.length) return to
    const distance = (block[at] ?? 0) | ((block[at + 1] ?? 0) << 8)
    at += 2
    const length = lengthOf(token & 15) + 4
    if (distance === 0 || distance > to || to + length > limit) throw broken('a block of it is damaged')
    if (distance >= length) out.copyWithin(to, to - distance, to - distance + length)
    else for (let i = 0; i < length; i++) out[to + i] = out[to + i - distance]!
    to += length
  }
  return to
}

async function exactly(reader: ByteReader, length: number): Promise<Buffer> {
  const bytes = await reader.take(length)
  if (bytes.length < length) throw broken('it ends too early')
  return bytes
}
