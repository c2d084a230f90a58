import { expect, test } from 'vitest'
import { someLine } from '../../testing/fixtures.ts'
import { ConsoleBuffer } from './console-buffer.ts'

const texts = (buffer: ConsoleBuffer): string[] =>
  buffer.entries.map((entry) => (entry.kind === 'out' ? entry.plain : entry.kind))

test('takes each line once, also when a resumed stream repeats some', () => {
  const buffer = new ConsoleBuffer()
  buffer.push([someLine(0, 'a'), someLine(1, 'b')])
  expect(buffer.push([someLine(0, 'a'), someLine(1, 'b'), someLine(2, 'c')])).toBe(1)
  expect(texts(buffer)).toEqual(['a', 'b', 'c'])
  expect(buffer.cursor).toBe('1:2')
})

test('marks the start of a new run, whose lines count from the beginning again', () => {
  const buffer = new ConsoleBuffer()
  buffer.push([someLine(7, 'old')])
  buffer.push([someLine(0, 'new', { run: 2 })])
  expect(texts(buffer)).toEqual(['old', 'run', 'new'])
})

test('a late line of a run that is over changes nothing', () => {
  const buffer = new ConsoleBuffer()
  buffer.push([someLine(0, 'new', { run: 2 }), someLine(9, 'old', { run: 1 })])
  expect(texts(buffer)).toEqual(['new'])
})

test('shows gaps and how many lines were left out', () => {
  const buffer = new ConsoleBuffer()
  buffer.push([someLine(0, 'a')])
  buffer.push([someLine(50, 'b')], 49)
  buffer.push([someLine(51, '', { kind: 'gap' })])
  expect(texts(buffer)).toEqual(['a', 'skipped', 'b', 'gap'])
  expect(buffer.entries[1]?.count).toBe(49)
})

test('a line that ends in a carriage return is replaced by the next one', () => {
  const buffer = new ConsoleBuffer()
  buffer.push([someLine(0, 'start'), someLine(1, '10 %\r'), someLine(2, '20 %\r'), someLine(3, 'done')])
  expect(texts(buffer)).toEqual(['start', 'done'])
})

test('keeps the newest 20,000 lines, with addresses that go on rising', () => {
  const buffer = new ConsoleBuffer(100)
  for (let start = 0; start < 1000; start += 50) {
    buffer.push(Array.from({ length: 50 }, (_, index) => someLine(start + index, `line ${start + index}`)))
  }
  expect(buffer.entries).toHaveLength(100)
  expect(buffer.entries[0]?.plain).toBe('line 900')
  expect(buffer.firstKey).toBe(900)
})
