import { expect, test } from 'vitest'
import { someLine } from '../../testing/fixtures.ts'
import { ConsoleBuffer } from './console-buffer.ts'
import { LogLayout, rowsOf } from './log-layout.ts'

function buffer(...texts: string[]): ConsoleBuffer {
  const result = new ConsoleBuffer(5)
  result.push(texts.map((text, index) => someLine(index, text)))
  return result
}

test('a line takes as many rows as its width needs', () => {
  expect(rowsOf('', 10)).toBe(1)
  expect(rowsOf('1234567890', 10)).toBe(1)
  expect(rowsOf('12345678901', 10)).toBe(2)
  expect(rowsOf('漢字漢字漢字', 10)).toBe(2)
  expect(rowsOf('a\tb', 8)).toBe(2)
})

test('finds the line at a row and the row of a line', () => {
  const layout = new LogLayout()
  layout.update(buffer('short', '123456789012345', 'end').entries, 10)
  expect(layout.rows).toBe(4)
  expect([0, 1, 2, 3].map((row) => layout.indexAt(row))).toEqual([0, 1, 1, 2])
  expect([0, 1, 2].map((index) => layout.top(index))).toEqual([0, 1, 3])
})

test('says how many rows went away in front, so that a reader is not moved', () => {
  const log = buffer('a', '123456789012345', 'c', 'd', 'e')
  const layout = new LogLayout()
  layout.update(log.entries.slice(), 10)
  log.push([someLine(5, 'f'), someLine(6, 'g')])
  expect(layout.update(log.entries.slice(), 10)).toBe(3)
  expect(layout.rows).toBe(5)
  expect(layout.top(0)).toBe(0)
})

test('starts anew when the log was emptied', () => {
  const layout = new LogLayout()
  layout.update(buffer('a', 'b').entries, 10)
  layout.update([], 10)
  expect(layout.rows).toBe(0)
})
