import { expect, test } from 'vitest'
import { diffLines, foldLines } from './line-diff.ts'

const MARK = { same: ' ', added: '+', removed: '-' }
const shown = (before: string, after: string): string[] =>
  diffLines(before, after).map(({ kind, text }) => MARK[kind] + text)

test('keeps what is the same, and puts what is gone before what is new', () => {
  expect(shown('a\nb\nc', 'a\nx\nc')).toEqual([' a', '-b', '+x', ' c'])
  expect(shown('a\nb\nc\nd', 'b\nc\ne\nd')).toEqual(['-a', ' b', ' c', '+e', ' d'])
  expect(shown('', 'a')).toEqual(['+a'])
  expect(shown('a', '')).toEqual(['-a'])
  expect(shown('a\r\nb', 'a\nb')).toEqual([' a', ' b'])
})

test('both texts can be read back from the difference', () => {
  const words = ['if', 'fi', 'cd', 'ls', '']
  let seed = 7
  const next = (): number => (seed = (seed * 48_271) % 2_147_483_647)
  for (let round = 0; round < 200; round += 1) {
    const text = (): string => Array.from({ length: 1 + (next() % 12) }, () => words[next() % 5]).join('\n') + '\nend'
    const [before, after] = [text(), text()]
    const lines = diffLines(before, after)
    const without = (kind: string): string =>
      lines
        .filter((line) => line.kind !== kind)
        .map((line) => line.text)
        .join('\n')
    expect(without('added')).toBe(before)
    expect(without('removed')).toBe(after)
  }
})

test('texts too large to compare are shown as one block out and one block in', () => {
  const many = (word: string): string => Array.from({ length: 2500 }, (_, index) => `${word} ${index}`).join('\n')
  const lines = diffLines(many('old'), many('new'))
  expect(lines.slice(0, 2500).every(({ kind }) => kind === 'removed')).toBe(true)
  expect(lines.slice(2500).every(({ kind }) => kind === 'added')).toBe(true)
})

test('folds what did not change, except a few lines around', () => {
  const before = Array.from({ length: 20 }, (_, index) => String(index)).join('\n')
  const parts = foldLines(diffLines(before, before.replace('10', 'ten')), 2)
  expect(parts[0]).toEqual({ skipped: 8 })
  expect(parts[1]).toMatchObject({ lines: [{ text: '8' }, { text: '9' }, { text: '10' }, { text: 'ten' }, {}, {}] })
  expect(parts[2]).toEqual({ skipped: 7 })
  expect(foldLines(diffLines('a\nb', 'a\nb'))).toEqual([{ skipped: 2 }])
})
