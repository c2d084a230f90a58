import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PatternError } from './pattern-tree.ts'
import type { PatternFlags } from './pattern-tree.ts'
import { codePoints, createPattern, newBudget } from './pattern.ts'

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

const codesFrom = (first: number, count: number): string =>
  Array.from({ length: count }, (_, index) => String.fromCodePoint(first + index * 2)).join('')

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

  test.each<[string, PatternFlags, boolean]>([
    ['pcre', { isUnicode: true }, false],
    ['pcre-bytes', {}, true],
    ['re2', { dollarEndOnly: true, isRe2: true }, false],
  ])('finds what %s finds', { timeout: 60_000 }, (name, flags, isBytes) => {
    const { rows } = JSON.parse(
      readFileSync(new URL(`../../../test/fixtures/patterns/${name}.json`, import.meta.url), 'utf8'),
    ) as { readonly rows: readonly (readonly [string, string, (string | null)[] | null])[] }
    const encode = (text: string) => (isBytes ? Buffer.from(text).toString('latin1') : text)
    const decode = (text: string | undefined) => (isBytes && text ? Buffer.from(text, 'latin1').toString() : text)
    const different = rows.filter(([source, text, wanted]) => {
      const got = find(encode(source), encode(text), flags)?.map((part) => decode(part) ?? null) ?? null
      return JSON.stringify(got) !== JSON.stringify(wanted)
    })
    expect(different).toEqual([])
    expect(rows.length).toBeGreaterThan(500)
  })

  test('several searches that share a budget end together', { timeout: 60_000 }, () => {
    const budget = newBudget()
    const input = codePoints(`${'a'.repeat(3000)}!`)
    const before = budget.left
    while (budget.left > 0) expect(createPattern('^(a+)+$').find(input, 0, budget)).toBeNull()
    expect(createPattern('a').find(input, 0, budget)).toBeNull()
    expect(before).toBe(1_000_000)
  })

  test.each([
    ['nothing, a thousand million times', '(?:(?:){65535}){65535}', 'a'],
    ['many groups to remember', `${'()'.repeat(4000)}(?:(?=a)a)*b`, 'a'.repeat(20_000)],
    ['a class of many ranges', `[${codesFrom(0x4e00, 4000)}]*x`, '一'.repeat(100_000)],
    ['a long text behind', '(?:(?<=a{1000})a)*b', 'a'.repeat(20_000)],
    ['many alternatives', `(?:${'a|'.repeat(4900)}b)*c`, 'a'.repeat(2000)],
    ['references to themselves', '(a*)(?:\\1)*b', 'a'.repeat(3000)],
    ['a text beyond the limit', 'a', 'a'.repeat(300_000)],
  ])('%s: refused or given up, in bounded steps', { timeout: 60_000 }, (_, source, input) => {
    const budget = newBudget()
    const error = errorOf(() => expect(createPattern(source).find(codePoints(input), 0, budget)).toBeNull())
    expect(error === undefined || error instanceof PatternError).toBe(true)
    // What the last step took may be more than one.
    expect(budget.left).toBeGreaterThan(-10_000)
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
      '(a)\\2',
      '^*',
      'a{2}{3}',
      'a++{2}',
      '[[:<:]]a',
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
