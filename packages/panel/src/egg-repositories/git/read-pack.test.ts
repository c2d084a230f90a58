import { createHash } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PackError, PackTooLargeError } from './pack-error.ts'
import { readPack, type PackLimits } from './read-pack.ts'

const signal = new AbortController().signal
const LIMITS: PackLimits = { objectBytes: 100_000, objects: 1000, totalBytes: 1_000_000 }

interface Part {
  /** 1 commit, 2 tree, 3 blob, 4 tag, 6 delta by distance, 7 delta by id. */
  readonly kind: number
  readonly data: Buffer
  /** @default the size of `data` */
  readonly statedBytes?: number
  /** What stands between header and data: the base of a delta. */
  readonly base?: Buffer
  /** @default deflated `data` */
  readonly packed?: Buffer
}

function header(kind: number, size: number): Buffer {
  const bytes = [(kind << 4) | (size & 15)]
  for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 128)) {
    bytes[bytes.length - 1]! |= 128
    bytes.push(rest % 128)
  }
  return Buffer.from(bytes)
}

const encodePart = ({ kind, data, statedBytes = data.length, base, packed = deflateSync(data) }: Part): Buffer =>
  Buffer.concat([header(kind, statedBytes), ...(base ? [base] : []), packed])

function packOf(parts: readonly Part[], { count = parts.length, version = 2 } = {}): Buffer {
  const head = Buffer.alloc(12)
  head.write('PACK')
  head.writeUInt32BE(version, 4)
  head.writeUInt32BE(count, 8)
  return signed(Buffer.concat([head, ...parts.map(encodePart)]))
}

const signed = (bytes: Buffer): Buffer => Buffer.concat([bytes, createHash('sha1').update(bytes).digest()])
const idOf = (type: string, data: Buffer): Buffer =>
  createHash('sha1').update(`${type} ${data.length}\0`).update(data).digest()
const blob = (text: string | Buffer): Part => ({ kind: 3, data: Buffer.from(text as string) })

/** Sizes below 16384 in two bytes. */
const size = (value: number): Buffer => Buffer.from([(value & 127) | 128, value >> 7])
/** Copies all of the base this often. */
const copies = (baseBytes: number, times: number): Buffer => {
  const copy = Buffer.from([0b1011_0000, baseBytes & 255, baseBytes >> 8])
  return Buffer.concat([size(baseBytes), size(baseBytes * times), ...Array.from({ length: times }, () => copy)])
}
const fails = (pack: Buffer, error: typeof PackError | typeof PackTooLargeError = PackError) =>
  expect(readPack(pack, LIMITS, signal)).rejects.toBeInstanceOf(error)

describe('a pack', () => {
  test('is read with deltas before and behind their bases, in chains', async () => {
    const base = Buffer.from('0123456789'.repeat(20))
    const twice = Buffer.concat([base, base])
    const first = encodePart(blob(base)).length
    const objects = await readPack(
      packOf([
        { kind: 7, data: copies(400, 2), base: idOf('blob', twice) },
        blob(base),
        { kind: 6, data: copies(200, 2), base: Buffer.from([first]) },
        { kind: 2, data: Buffer.alloc(0) },
      ]),
      LIMITS,
      signal,
    )
    const lengths = [...objects.values()].map(({ type, data }) => `${type} ${data.length}`).toSorted()
    expect(lengths).toEqual(['blob 200', 'blob 400', 'blob 800', 'tree 0'])
    for (const [id, { type, data }] of objects) expect(id).toBe(idOf(type, data).toString('hex'))
  })

  test('may hold objects that are too large, which are left out with what is based on them', async () => {
    const large = Buffer.alloc(200_000, 'x')
    const first = encodePart(blob(large)).length
    const distance = Buffer.from([((first >> 7) - 1) | 128, first & 127])
    const delta: Part = { kind: 6, data: copies(200, 2), base: first < 128 ? Buffer.from([first]) : distance }
    const objects = await readPack(packOf([blob(large), delta, blob('small')]), LIMITS, signal)
    expect([...objects.keys()]).toEqual([idOf('blob', Buffer.from('small')).toString('hex')])
  })

  test('that is not what it states is refused', async () => {
    const text = blob('text')
    await fails(Buffer.from('PACK'))
    await fails(signed(Buffer.from('JACK\0\0\0\x02\0\0\0\0')))
    await fails(packOf([text], { version: 3 }))
    await fails(packOf([text], { count: 2 }))
    await fails(packOf([text, text], { count: 1 }))
    await fails(packOf([text]).subarray(0, -1))
    await fails(packOf([{ ...text, statedBytes: 3 }]))
    await fails(packOf([{ ...text, statedBytes: 5 }]))
    await fails(packOf([{ ...text, packed: Buffer.from('no zlib') }]))
    await fails(packOf([{ ...text, packed: deflateSync(text.data).subarray(0, 6) }]))
    await fails(packOf([{ kind: 0, data: text.data }]))
    await fails(packOf([{ kind: 5, data: text.data }]))
  })

  test('whose large objects are not what they state is refused', async () => {
    const large = Buffer.alloc(150_000, 'x')
    await fails(packOf([{ ...blob(large), statedBytes: 140_000 }]))
    await fails(packOf([{ ...blob(large), statedBytes: 160_000 }]))
    await fails(packOf([{ ...blob(large), packed: deflateSync(large).subarray(0, 40) }]))
    await fails(packOf([{ ...blob(large), packed: Buffer.alloc(100_000, 1) }]))
  })

  test('with a bomb in it is refused before the bomb is unpacked', async () => {
    const bomb = deflateSync(Buffer.alloc(10_000_000))
    await fails(packOf([{ kind: 3, data: Buffer.alloc(0), packed: bomb, statedBytes: 10_000_000 }]), PackTooLargeError)
    // One that says that it is small.
    await fails(packOf([{ kind: 3, data: Buffer.alloc(0), packed: bomb, statedBytes: 10 }]))
    await fails(packOf([blob('x')], { count: 1001 }), PackTooLargeError)
    // Copies of copies: a few bytes each time.
    const base = Buffer.alloc(15_000, 'y')
    const id = idOf('blob', base)
    const copy = Buffer.from([0b1011_0000, base.length & 255, base.length >> 8])
    const targetBytes = 90_000
    const wide = (seed: number) =>
      Buffer.concat([
        size(base.length),
        Buffer.from([(targetBytes & 127) | 128, ((targetBytes >> 7) & 127) | 128, targetBytes >> 14]),
        ...Array.from({ length: 5 }, () => copy),
        ...Array.from({ length: 150 }, () => Buffer.concat([Buffer.from([100]), Buffer.alloc(100, seed)])),
      ])
    const many = Array.from({ length: 12 }, (_, seed): Part => ({ kind: 7, data: wide(seed), base: id }))
    await fails(packOf([blob(base), ...many]), PackTooLargeError)
  })

  test('whose deltas lead out of their objects, or into each other, is refused or left out', async () => {
    const base = Buffer.from('base')
    const id = idOf('blob', base)
    const onBase = (delta: readonly number[]): Buffer =>
      packOf([blob(base), { kind: 7, data: Buffer.from(delta), base: id }])
    await fails(onBase([]))
    await fails(onBase([4]))
    await fails(onBase([5, 1, 1, 0]))
    await fails(onBase([4, 1, 0b1001_0000, 5]))
    await fails(onBase([4, 4, 0b1001_0001, 2, 4]))
    await fails(onBase([4, 1, 5, 1, 2, 3, 4, 5]))
    await fails(onBase([4, 9, 0b1001_0000, 4]))
    await fails(onBase([4, 1, 0]))
    await fails(packOf([blob(base), { kind: 6, data: Buffer.from([4, 1]), base: Buffer.from([3]) }]))
    await fails(packOf([{ kind: 6, data: Buffer.from([4, 1]), base: Buffer.from([255, 255, 127]) }]))
    const circle = [Buffer.alloc(20, 1), Buffer.alloc(20, 2)].map((to): Part => ({
      kind: 7,
      data: copies(4, 1),
      base: to,
    }))
    expect((await readPack(packOf(circle), LIMITS, signal)).size).toBe(0)
  })

  test('of any bytes is read or refused, and nothing else', async () => {
    const base = Buffer.from('0123456789'.repeat(20))
    const valid = packOf([blob(base), { kind: 7, data: copies(200, 2), base: idOf('blob', base) }, blob('x')])
    const edits = fc.array(fc.tuple(fc.nat(valid.length - 21), fc.nat(255)), { minLength: 1, maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(edits, async (changes) => {
        const bytes = Buffer.from(valid.subarray(0, -20))
        for (const [at, value] of changes) bytes[at] = value
        await readPack(signed(bytes), LIMITS, signal).catch((error: unknown) => {
          if (!(error instanceof PackError) && !(error instanceof PackTooLargeError)) throw error
        })
      }),
      { numRuns: 500 },
    )
  })
})
