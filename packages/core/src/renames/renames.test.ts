import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AppError } from '../errors/index.ts'
import { checkRenames, planRenames, type RenameRule } from './index.ts'

const after = (names: readonly string[], ...rules: RenameRule[]) => planRenames(names, rules).map(({ to }) => to)

describe('new names', () => {
  test('by text, which means nothing but itself', () => {
    const rule: RenameRule = { kind: 'replace', find: 'a.b', with: '$1' }
    expect(after(['a.b-a.b-axb.txt'], rule)).toEqual(['$1-$1-axb.txt'])
    expect(after(['A.b-a.b.c'], { ...rule, isCaseSensitive: false, isOnce: true })).toEqual(['$1-a.b.c'])
  })

  test('by pattern with groups', () => {
    const swap: RenameRule = { kind: 'replace', find: '^(\\w+)-(?P<day>\\d+)$', with: '$<day>_$1', isPattern: true }
    expect(after(['world-12.zip', 'other.zip'], swap)).toEqual(['12_world.zip', 'other.zip'])
  })

  test('by case, addition and number, one after the other', () => {
    expect(after(['my old WORLD.DAT'], { kind: 'case', to: 'title' })).toEqual(['My Old World.DAT'])
    expect(after(['a.DAT'], { kind: 'case', to: 'lower', scope: 'extension' })).toEqual(['a.dat'])
    expect(
      after(
        ['x.png', 'y.png'],
        { kind: 'number', start: 9, step: 2, digits: 3, at: 'end', separator: '-' },
        { kind: 'add', text: 'map-', at: 'start' },
      ),
    ).toEqual(['map-x-009.png', 'map-y-011.png'])
    expect(after(['x.png'], { kind: 'number', start: -1, digits: 2, at: 'instead' })).toEqual(['-01.png'])
  })

  test.each([
    ['.bashrc', 'X'],
    ['a.tar.gz', 'X.tar.gz'],
    ['a', 'X'],
    ['a.', 'X'],
    ['.tar.gz', 'X.gz'],
  ])('the extension of %s is kept', (name, expected) => {
    const rule: RenameRule = { kind: 'replace', find: '^.*?$', with: 'X', isPattern: true }
    expect(after([name], rule)).toEqual([expected])
  })

  test.each(['(', '(?=a)', '\\1', 'a{1001}', '', 'a'.repeat(1001)])('refuses the pattern %s', (find) => {
    const plan = () => planRenames(['a'], [{ kind: 'replace', find, with: '', isPattern: true }])
    expect(plan).toThrow(AppError)
    expect(plan).toThrow(/1/)
  })

  test('no pattern takes long, whoever wrote it', () => {
    const name = `${'a'.repeat(250)}!`
    const begun = performance.now()
    // A backtracking engine would not come back from any of them.
    for (const find of ['^(a+)+$', '^(a|aa)+$', '^(a|a)*b$', '(.*)*(.*)*(.*)*x']) {
      expect(after([name], { kind: 'replace', find, with: 'x', isPattern: true, scope: 'whole' })).toHaveLength(1)
    }
    expect(performance.now() - begun).toBeLessThan(5_000)
  })

  test('bytes that are no text stay what they are', () => {
    expect(after(['a\uDC80b'], { kind: 'replace', find: 'b', with: 'c' })).toEqual(['a\uDC80c'])
  })
})

describe('what stands in the way', () => {
  const problems = (pairs: readonly (readonly [string, string])[], taken: readonly string[] = []) =>
    checkRenames(
      pairs.map(([from, to]) => ({ from, to })),
      new Set(taken),
    )

  test('swaps and rounds are fine, what keeps its name is not', () => {
    expect(
      problems(
        [
          ['a', 'b'],
          ['b', 'a'],
        ],
        ['a', 'b'],
      ),
    ).toEqual([null, null])
    expect(
      problems(
        [
          ['a', 'b'],
          ['b', 'c'],
        ],
        ['a', 'b', 'c'],
      ),
    ).toEqual([null, 'taken'])
    expect(
      problems(
        [
          ['a', 'b'],
          ['b', 'b'],
        ],
        ['a', 'b'],
      ),
    ).toEqual(['duplicate', 'duplicate'])
    expect(
      problems([
        ['a', 'c'],
        ['b', 'c'],
      ]),
    ).toEqual(['duplicate', 'duplicate'])
  })

  test('what is no name', () => {
    const bad = ['', '.', '..', 'a/b', 'a\0', 'ä'.repeat(128)]
    expect(problems(bad.map((to) => ['x', to]))).toEqual(bad.map(() => 'invalid'))
    expect(problems([['x', 'ä'.repeat(127)]])).toEqual([null])
  })

  test('without a problem, doing it loses nothing', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd', 'e')
    fc.assert(
      fc.property(fc.uniqueArray(name), fc.array(name), (files, targets) => {
        const renames = files.slice(0, targets.length).map((from, index) => ({ from, to: targets[index]! }))
        if (checkRenames(renames, new Set(files)).some((problem) => problem !== null)) return
        const gone = new Set(renames.map(({ from }) => from))
        const left = files.filter((file) => !gone.has(file))
        expect(new Set([...left, ...renames.map(({ to }) => to)]).size).toBe(files.length)
      }),
    )
  })
})
