import { expect, test } from 'vitest'
import { markMatches } from './highlight.ts'

test('marks a word that runs over two colours', () => {
  expect(markMatches([{ text: 'a Err', color: 1 }, { text: 'or b' }], 'error')).toEqual([
    { text: 'a ', color: 1 },
    { text: 'Err', color: 1, isMatch: true },
    { text: 'or', isMatch: true },
    { text: ' b' },
  ])
})

test('marks every occurrence and leaves other lines alone', () => {
  expect(markMatches([{ text: 'ab ab' }], 'ab').filter(({ isMatch }) => isMatch)).toHaveLength(2)
  const spans = [{ text: 'nothing here' }]
  expect(markMatches(spans, 'xyz')).toBe(spans)
})
