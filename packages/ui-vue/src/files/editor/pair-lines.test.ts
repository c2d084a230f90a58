import { expect, test } from 'vitest'
import { diffLines } from '../../admin/egg-updates/line-diff.ts'
import { pairLines } from './pair-lines.ts'

const linesOf = (content: string) => (content === '' ? [] : content.split('\n'))
/** Every text of up to four lines, each one of three. */
const TEXTS = Array.from({ length: 5 }, (_, length) =>
  Array.from({ length: 3 ** length }, (_none, number) =>
    Array.from({ length }, (_nothing, at) => ['a', 'b', ''][Math.floor(number / 3 ** at) % 3]).join('\n'),
  ),
).flat()

test('each side is the whole of its text, whatever changed', () => {
  for (const before of TEXTS) {
    for (const after of TEXTS) {
      const pairs = pairLines(diffLines(before, after))
      const side = (of: 'before' | 'after') => pairs.flatMap((pair) => pair[of] ?? [])
      if (side('before').join('\n') !== linesOf(before).join('\n')) expect(side('before')).toEqual(linesOf(before))
      if (side('after').join('\n') !== linesOf(after).join('\n')) expect(side('after')).toEqual(linesOf(after))
      if (pairs.some((pair) => pair.isSame && pair.before !== pair.after)) expect(pairs).toEqual([])
    }
  }
  expect(TEXTS).toHaveLength(121)
})

test('what came stands beside what it came for', () => {
  expect(pairLines(diffLines('motd=A\nport=1\n', 'motd=B\nport=1\nnew=1\n'))).toEqual([
    { before: 'motd=A', after: 'motd=B', isSame: false },
    { before: 'port=1', after: 'port=1', isSame: true },
    { before: null, after: 'new=1', isSame: false },
    { before: '', after: '', isSame: true },
  ])
})
