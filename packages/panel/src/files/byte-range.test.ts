import { describe, expect, test } from 'vitest'
import { parseRange } from './byte-range.ts'

describe('byte ranges', () => {
  test.each([
    ['bytes=0-3', { offset: 0, length: 4 }],
    ['bytes=3-', { offset: 3, length: 7 }],
    ['bytes=-4', { offset: 6, length: 4 }],
    ['bytes=-99', { offset: 0, length: 10 }],
    ['bytes=8-99', { offset: 8, length: 2 }],
    ['bytes=0-0,5-6', null],
    ['bytes=5-3', null],
    ['bytes=-', null],
    ['lines=1-2', null],
    [undefined, null],
  ])('%s of ten bytes', (header, expected) => expect(parseRange(header, 10)).toEqual(expected))

  test.each(['bytes=10-', 'bytes=10-12', 'bytes=-0'])('%s of ten bytes is outside', (header) => {
    expect(() => parseRange(header, 10)).toThrow(/10 bytes/)
  })

  test('an empty file has no part', () => {
    expect(() => parseRange('bytes=0-', 0)).toThrow(/0 bytes/)
    expect(parseRange(undefined, 0)).toBeNull()
  })
})
