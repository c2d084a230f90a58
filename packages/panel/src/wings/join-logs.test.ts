import { expect, test } from 'vitest'
import { linesAfter } from './join-logs.ts'

test('takes what follows the known lines', () => {
  expect(linesAfter(['a', 'b'], ['a', 'b', 'c'])).toEqual({ fits: true, lines: ['c'] })
  expect(linesAfter(['x', 'a', 'b'], ['b', 'c', 'd'])).toEqual({ fits: true, lines: ['c', 'd'] })
  expect(linesAfter(['b'], ['a', 'b'])).toEqual({ fits: true, lines: [] })
})

test('takes the longest beginning that fits where lines repeat', () => {
  expect(linesAfter(['tick', 'tick'], ['tick', 'tick', 'tick'])).toEqual({ fits: true, lines: [] })
})

test('says that lines may be missing when nothing fits', () => {
  expect(linesAfter(['a'], ['x', 'y'])).toEqual({ fits: false, lines: ['x', 'y'] })
  expect(linesAfter([], ['x'])).toEqual({ fits: true, lines: ['x'] })
  expect(linesAfter(['a'], [])).toEqual({ fits: true, lines: [] })
})
