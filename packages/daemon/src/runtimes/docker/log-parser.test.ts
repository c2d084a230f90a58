import { describe, expect, test } from 'vitest'
import { MAX_LINE_BYTES, createLogParser } from './log-parser.ts'

const stamp = (index: number) => `2026-01-02T03:04:05.${String(index).padStart(9, '0')}Z `
const second = Date.parse('2026-01-02T03:04:05Z') / 1000

/** The log as the engine sends it: entries of at most 16 KiB, each with the timestamp of its line. */
function entries(lines: readonly Buffer[], isTty: boolean, hasLostEnds: boolean): Buffer {
  const parts = lines.flatMap((whole, index) => {
    // As engine 20.10 does: the line end of a line of several entries is lost.
    const line = whole.length > 16_384 && hasLostEnds ? whole.subarray(0, -1) : whole
    const pieces: Buffer[] = []
    for (let at = 0; at < line.length || at === 0; at += 16_384) pieces.push(line.subarray(at, at + 16_384))
    return pieces.map((piece) => {
      const entry = Buffer.concat([Buffer.from(stamp(index + 1)), piece])
      if (isTty) return entry
      const header = Buffer.alloc(8)
      header[0] = 1
      header.writeUInt32BE(entry.length, 4)
      return Buffer.concat([header, entry])
    })
  })
  return Buffer.concat(parts)
}

const CASES = [
  [true, false],
  [true, true],
  [false, false],
  [false, true],
] as const
for (const [isTty, hasLostEnds] of CASES) {
  describe(`${isTty ? 'log of a terminal' : 'log of frames'}${hasLostEnds ? ', line ends lost' : ''}`, () => {
    const end = isTty ? '\r\n' : '\n'
    const lines = ['first', '', 'ü 漢 😀', '7'.padStart(70_000, '0'), 'x'.repeat(40_000), '10%\r50%\rdone'].map(
      (text) => Buffer.from(text + end),
    )
    const bytes = Buffer.concat([Buffer.from('a'), Buffer.from([0xff]), Buffer.from(`b${end}`)])
    const log = entries([...lines, bytes, Buffer.from('no line end')], isTty, hasLostEnds)
    const expected = [
      'first',
      '',
      'ü 漢 😀',
      '0'.repeat(MAX_LINE_BYTES),
      'x'.repeat(40_000),
      'done',
      'a\uFFFDb',
      'no line end',
    ]

    for (const size of [29, 1000, 16_384, 65_536, 1_000_000]) {
      test(`gives the same lines in chunks of ${size} bytes`, () => {
        const parser = createLogParser(isTty)
        const chunks = []
        for (let at = 0; at < log.length; at += size) chunks.push(...parser.push(log.subarray(at, at + size)))
        chunks.push(...parser.end())
        expect(chunks.map((chunk) => chunk.text)).toEqual(expected)
        expect(chunks.map((chunk) => chunk.atNs)).toEqual(
          expected.map((_, index) => `${second}${String(index + 1).padStart(9, '0')}`),
        )
        expect(chunks[0]?.at).toBe(second * 1000)
      })
    }
  })
}

test('keeps the lines of standard output and error apart where they interleave', () => {
  const frame = (stream: number, text: string) => {
    const header = Buffer.alloc(8)
    header[0] = stream
    header.writeUInt32BE(Buffer.byteLength(text), 4)
    return Buffer.concat([header, Buffer.from(text)])
  }
  const parser = createLogParser(false)
  const log = [frame(1, `${stamp(1)}out`), frame(2, `${stamp(2)}error\n`), frame(1, `${stamp(1)}put\n`)]
  expect(parser.push(Buffer.concat(log)).map((chunk) => chunk.text)).toEqual(['error', 'output'])
})

test('holds little memory of a line that never ends', () => {
  const parser = createLogParser(true)
  parser.push(Buffer.from(stamp(1)))
  const lines = Array.from({ length: 200 }, () => parser.push(Buffer.alloc(16_384, 'x'))).flat()
  expect(lines.map((line) => line.text.length)).toEqual([MAX_LINE_BYTES])
  expect(parser.end()).toEqual([])
})
