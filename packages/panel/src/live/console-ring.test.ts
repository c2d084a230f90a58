import { expect, test } from 'vitest'
import { ConsoleRing } from './console-ring.ts'

const lines = (...numbers: readonly number[]) =>
  numbers.map((line) => ({ run: 1, line, at: 0, kind: 'out' as const, text: `line ${line}` }))

test('a line is kept once, also when two watches put it twice into one batch', () => {
  const ring = new ConsoleRing(10)
  expect(ring.append(lines(1, 2, 1, 2, 3))).toEqual(lines(1, 2, 3))
  expect(ring.append(lines(2, 3, 4, 3, 4, 5))).toEqual(lines(4, 5))
  expect(ring.newest(10)).toEqual(lines(1, 2, 3, 4, 5))
})
