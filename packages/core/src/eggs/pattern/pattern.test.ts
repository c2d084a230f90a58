import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PatternError } from './pattern-tree.ts'
import { codePoints, createPattern } from './pattern.ts'

/** What matched, groups included, as `RegExp.exec` answers. */
function find(source: string, input: string, flags = {}): (string | undefined)[] | null {
  const points = codePoints(input)
  const match = createPattern(source, flags).find(points)
  if (!match) return null
  const result: (string | undefined)[] = []
  for (let index = 0; index < match.length; index += 2) {
    const [from = -1, to = -1] = match.slice(index, index + 2)
    result.push(from < 0 || to < 0 ? undefined : String.fromCodePoint(...points.slice(from, to)))
  }
  return result
}

function errorOf(run: () => unknown): unknown {
  try {
    run()
    return undefined
  } catch (error) {
    return error
  }
}

describe('createPattern', () => {
  test('finds what RegExp finds, groups and order of choices included', { timeout: 60_000 }, () => {
    const atom = fc.constantFrom(
      'a',
      'b',
      '.',
      '[ab]',
      '[^a]',
      '\\w',
      '\\d',
      'é',
      '\\.',
      '(?:ab)',
      '(a)',
      '(b|ab)',
      '(?=a)',
      '(?!b)',
      '\\b',
    )
    const quantifier = fc.constantFrom('', '', '', '*', '+', '?', '*?', '+?', '??', '{1,2}', '{2}', '{0,1}?')
    const piece = fc.tuple(atom, quantifier).map(([a, q]) => (/^\(\?[=!]|^\\b/.test(a) ? a : a + q))
    const sequence = fc.array(piece, { minLength: 1, maxLength: 5 }).map((pieces) => pieces.join(''))
    const pattern = fc
      .tuple(fc.constantFrom('', '^'), fc.array(sequence, { minLength: 1, maxLength: 3 }))
      .map(([start, parts]) => start + parts.join('|'))
    const input = fc
      .array(fc.constantFrom('a', 'b', 'c', '1', '.', 'é'), { maxLength: 9 })
      .map((chars) => chars.join(''))
    fc.assert(
      fc.property(pattern, input, (source, text) => {
        const wanted = new RegExp(source, 'u').exec(text)
        const got = find(source, text)
        expect([source, text, got?.[0] ?? null]).toEqual([source, text, wanted?.[0] ?? null])
      }),
      { numRuns: 3000 },
    )
  })

  test.each([
    ['^a$', 'a\n', {}, ['a']],
    ['^a$', 'a\n', { dollarEndOnly: true }, null],
    ['\\Aa\\z', 'a\n', {}, null],
    ['(\\w+)@(?<host>\\w+)', 'me@box', {}, ['me@box', 'me', 'box']],
    ['^(127\\.0\\.0\\.1|localhost)(:\\d{1,5})?$', 'localhost', {}, ['localhost', 'localhost', undefined]],
    ['(a+)\\1', 'aaaa', {}, ['aaaa', 'aa']],
    ['a++a', 'aaaa', {}, null],
    ['(?>a|ab)c', 'abc', {}, null],
    ['(?i)ÀB', 'àb', {}, ['àb']],
    ['(?<=x)y', 'xy', {}, ['y']],
    ['[[:alpha:]_-]+', 'a_-1', {}, ['a_-']],
    ['[a-z-0-9]+', 'a-5', {}, ['a-5']],
    ['[]a]+', ']a', {}, [']a']],
    ['a # note\n b', 'ab', { extended: true }, ['ab']],
    ['\\p{Lu}+', 'éÉÀ', {}, ['ÉÀ']],
    ['(a*)*', 'b', {}, ['', '']],
    ['😀{2}', '😀😀', {}, ['😀😀']],
  ])('%s in %j', (source, input, flags, wanted) => {
    expect(find(source, input, flags)).toEqual(wanted)
  })

  test('refuses what it cannot read, with a reason', () => {
    for (const source of [
      '(',
      ')',
      '[a',
      '*',
      'a**',
      '\\',
      '(?R)',
      '[b-a]',
      'a{3,2}',
      '(?<=a+)b',
      '((((a{1,999}){1,999}){1,999}){1,999})',
    ]) {
      expect(() => createPattern(source)).toThrow(PatternError)
    }
  })

  test('any text is compiled or refused, and any search ends', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (source, input) => {
        const error = errorOf(() => createPattern(source).find(codePoints(input)))
        expect(error === undefined || error instanceof PatternError).toBe(true)
      }),
    )
  })
})
