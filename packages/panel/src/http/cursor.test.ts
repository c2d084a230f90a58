import { expect, test } from 'vitest'
import { decodeCursor, encodeCursor } from './cursor.ts'

test('a cursor is read back as it was written', () => {
  expect(decodeCursor(encodeCursor('a', 7), 'string', 'number')).toEqual(['a', 7])
})

test.each([
  ['of other kinds', encodeCursor(7, 'a')],
  ['with a NUL, which no database takes', encodeCursor('a\0b', 7)],
  ['with a number that is no row', encodeCursor('a', 1.5)],
  ['with a number beyond every column', encodeCursor('a', 1e300)],
  ['that is no JSON', 'AAAA'],
])('a cursor %s is refused', (_what, cursor) => {
  expect(() => decodeCursor(cursor, 'string', 'number')).toThrow(expect.objectContaining({ code: 'CURSOR_INVALID' }))
})
