import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FrameOpener, FrameSealer, type Fragment } from './frame-cipher.ts'
import { Reassembly } from './reassembly.ts'
import { MAX_FRAGMENT_BYTES, MAX_FRAME_BYTES, MAX_MESSAGE_BYTES } from './wire.ts'

const KEY = new Uint8Array(32).fill(3)
const violation = expect.objectContaining({ name: 'AppError', code: 'PROTOCOL_VIOLATION' })
const whole = (payload: Uint8Array, message = 0): Fragment => ({ message, isFirst: true, isLast: true, payload })

const caught = (act: () => unknown): unknown => {
  try {
    return act()
  } catch (error) {
    return error
  }
}

describe('frames', () => {
  const fragments = fc.array(
    fc.record({
      message: fc.nat(0xffff_ffff),
      isFirst: fc.boolean(),
      isLast: fc.boolean(),
      payload: fc.uint8Array({ maxLength: 300 }),
    }),
    { minLength: 2, maxLength: 12 },
  )

  test('open to what was sealed, in order', () => {
    fc.assert(
      fc.property(fragments, (sent) => {
        const sealer = new FrameSealer(KEY)
        const opener = new FrameOpener(KEY)
        const received = sent.map((fragment) => opener.open(sealer.seal(fragment)))
        expect(received.map((fragment) => ({ ...fragment, payload: Uint8Array.from(fragment.payload) }))).toEqual(
          sent.map((fragment) => ({ ...fragment, payload: Uint8Array.from(fragment.payload) })),
        )
      }),
    )
  })

  test('do not open when one is dropped, repeated, moved or changed in any bit', () => {
    const tamper = fc.record({ kind: fc.constantFrom('drop', 'repeat', 'swap', 'flip'), at: fc.nat(), bit: fc.nat() })
    fc.assert(
      fc.property(fragments, tamper, (sent, { kind, at, bit }) => {
        const sealer = new FrameSealer(KEY)
        const frames = sent.map((fragment) => sealer.seal(fragment))
        const index = at % (frames.length - 1)
        const frame = frames[index] ?? new Uint8Array()
        if (kind === 'drop') frames.splice(index, 1)
        if (kind === 'repeat') frames.splice(index, 0, frame)
        if (kind === 'swap') frames.splice(index, 2, frames[index + 1] ?? frame, frame)
        if (kind === 'flip') frame[(bit >> 3) % frame.length]! ^= 1 << (bit & 7)
        const opener = new FrameOpener(KEY)
        expect(caught(() => frames.forEach((each) => opener.open(each)))).toEqual(violation)
      }),
      { numRuns: 500 },
    )
  })

  test('of one direction do not open as those of the other', () => {
    const other = new FrameOpener(new Uint8Array(32).fill(4))
    expect(caught(() => other.open(new FrameSealer(KEY).seal(whole(Buffer.from('mirror')))))).toEqual(violation)
  })

  test('never exceed 64 KiB', () => {
    const frame = new FrameSealer(KEY).seal(whole(new Uint8Array(MAX_FRAGMENT_BYTES)))
    expect(frame.length).toBe(MAX_FRAME_BYTES)
    expect(caught(() => new FrameOpener(KEY).open(new Uint8Array(MAX_FRAME_BYTES + 1)))).toEqual(violation)
  })

  test('of random bytes are refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(caught(() => new FrameOpener(KEY).open(bytes))).toEqual(violation)
      }),
    )
  })
})

describe('reassembly', () => {
  const cut = (bytes: Uint8Array, message: number): Fragment[] => {
    const count = Math.max(1, Math.ceil(bytes.length / MAX_FRAGMENT_BYTES))
    return Array.from({ length: count }, (_, index) => ({
      message,
      isFirst: index === 0,
      isLast: index === count - 1,
      payload: bytes.subarray(index * MAX_FRAGMENT_BYTES, (index + 1) * MAX_FRAGMENT_BYTES),
    }))
  }

  test('gives back every message, however fragments of different messages are interleaved', () => {
    const sizes = fc.array(fc.nat(4 * MAX_FRAGMENT_BYTES), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(sizes, fc.infiniteStream(fc.nat()), (lengths, choices) => {
        const sent = lengths.map((length, index) => Buffer.alloc(length, index + 1))
        const queues = sent.map((bytes, index) => cut(bytes, index))
        const reassembly = new Reassembly()
        const received = new Map<number, Uint8Array>()
        for (const choice of choices) {
          const open = queues.filter((queue) => queue.length > 0)
          const fragment = open[choice % open.length]?.shift()
          if (!fragment) break
          const bytes = reassembly.add(fragment)
          if (bytes) received.set(fragment.message, bytes)
        }
        for (const [index, bytes] of sent.entries()) expect(bytes.equals(received.get(index) ?? Buffer.of())).toBe(true)
      }),
      { numRuns: 50 },
    )
  })

  test.each<[string, Fragment[]]>([
    ['a message without a beginning', [{ message: 1, isFirst: false, isLast: true, payload: new Uint8Array(1) }]],
    ['a fragment that is not full', [{ message: 1, isFirst: true, isLast: false, payload: new Uint8Array(1) }]],
    [
      'a message that begins twice',
      [1, 1].map((message) => ({ message, isFirst: true, isLast: false, payload: new Uint8Array(MAX_FRAGMENT_BYTES) })),
    ],
    [
      'a fifth unfinished message',
      [1, 2, 3, 4, 5].map((message) => ({
        message,
        isFirst: true,
        isLast: false,
        payload: new Uint8Array(MAX_FRAGMENT_BYTES),
      })),
    ],
    ['a message over the limit', cut(new Uint8Array(MAX_MESSAGE_BYTES + 1), 1)],
  ])('refuses %s', (_what, fragments) => {
    const reassembly = new Reassembly()
    expect(caught(() => fragments.forEach((fragment) => reassembly.add(fragment)))).toEqual(violation)
  })
})
