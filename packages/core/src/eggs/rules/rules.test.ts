import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hasCorpus, readOracle } from '../corpus.test-data.ts'
import { compileRules } from './compile-rules.ts'
import { describeRules } from './describe-rules.ts'
import { validateValue, type Validation } from './validate-value.ts'

const check = (rules: string | readonly string[], value: string | null | undefined, laravel: 11 | 13 = 13) =>
  validateValue(compileRules(rules), value, { laravel })

/** As the recorded answers write it. */
const verdict = ({ ok, failed, isRuleBroken }: Validation): string =>
  isRuleBroken ? 'E' : ok ? 'P' : `F:${failed.join(',')}`

interface Vectors {
  readonly probes: readonly (string | null)[]
  readonly entries: readonly {
    readonly rules: string
    readonly laravel11: string
    readonly laravel13: string
    readonly absent: readonly [string, string]
    readonly defaults: readonly (readonly [unknown, string, string])[]
  }[]
}

interface Case {
  readonly value: string | null
  readonly rules: string
  readonly laravel11: string
  readonly laravel13: string
}

describe.skipIf(!hasCorpus)('recorded answers of Laravel', () => {
  test('every verdict on every rule of the corpus is the same, for 11 and 13', { timeout: 60_000 }, () => {
    const { probes, entries } = readOracle('rule-vectors.json') as Vectors
    let total = 0
    const different: unknown[] = []
    for (const entry of entries) {
      const compiled = compileRules(entry.rules)
      for (const laravel of [11, 13] as const) {
        const compare = (value: string | null | undefined, wanted: string) => {
          total++
          const got = verdict(validateValue(compiled, value, { laravel }))
          // The probes name no rule, the defaults do.
          if (wanted.length === 1 || wanted.startsWith('E') ? got[0] !== wanted[0] : got !== wanted) {
            different.push({ rules: entry.rules, laravel, value, wanted, got })
          }
        }
        probes.forEach((probe, index) => compare(probe, entry[`laravel${laravel}`][index] ?? ''))
        compare(undefined, entry.absent[laravel === 11 ? 0 : 1])
        for (const [value, ...wanted] of entry.defaults) {
          compare(value === null ? null : String(value), wanted[laravel === 11 ? 0 : 1])
        }
      }
    }
    expect(different).toEqual([])
    expect(total).toBeGreaterThan(160_000)
  })

  test('so are the hand-picked cases, names of the failed rules included', { timeout: 60_000 }, () => {
    for (const { value, rules, ...wanted } of readOracle('rule-cases.json') as Case[]) {
      for (const laravel of [11, 13] as const) {
        const environment = { A: value ?? '', B: '1' }
        const { ok, failed, isRuleBroken } = validateValue(compileRules(rules), value, { laravel, environment })
        const got = isRuleBroken ? 'EXC' : ok ? 'ok' : `FAIL ${failed.join(',')}`
        expect([rules, value, laravel, got]).toEqual([
          rules,
          value,
          laravel,
          wanted[`laravel${laravel}`].replace(/^EXC .*/s, 'EXC'),
        ])
      }
    }
  })
})

describe('validateValue', () => {
  test('says which rules failed and what to enter', () => {
    expect(check('required|string|max:3', 'abcd')).toEqual({
      ok: false,
      failed: ['Max'],
      messages: ['Enter at most 3 characters.'],
      isRuleBroken: false,
    })
  })

  test('a list is taken item by item, so a pattern may hold a bar', () => {
    expect(check(['required', 'regex:/^(a|b)+$/'], 'abba').ok).toBe(true)
    expect(check('required|regex:/^(a|b)+$/', 'abba').isRuleBroken).toBe(true)
  })

  test('takes a value as it is stored, or as a form sends it', () => {
    expect(check('string', '').ok).toBe(true)
    expect(check('string', '', 13)).toMatchObject({ failed: [] })
    const form = (rules: string, value: string) => validateValue(compileRules(rules), value, { isForm: true })
    expect(form('string', ' \u200B').failed).toEqual(['String'])
    expect(form('nullable|string', '').ok).toBe(true)
    expect(form('in:a', ' a\n').ok).toBe(true)
    expect(form('max:1', `a${' '.repeat(500_000)}b`).ok).toBe(false)
  })

  test('a number or boolean of a program without types is the text of it', () => {
    const given = (value: unknown) => check('required|integer|max:9000', value as string)
    expect(given(8080).ok).toBe(true)
    expect(given(9001).failed).toEqual(['Max'])
    expect(check('boolean', true as unknown as string).ok).toBe(true)
    expect(check('string', { a: 1 } as unknown as string).ok).toBe(true)
  })

  test('an unknown rule is reported and does not throw', () => {
    expect(check('no_such_rule', 'x')).toMatchObject({ ok: false, failed: ['NoSuchRule'], isRuleBroken: true })
    expect(check('constructor', 'x')).toMatchObject({ isRuleBroken: true })
  })

  test('a catastrophic pattern ends in bounded time', { timeout: 60_000 }, () => {
    const value = `${'a'.repeat(5000)}!`
    for (const pattern of ['/^(a+)+$/', '/^(a|aa)+$/', '/(a*)*b/', '/^(([a-z])+.)+[A-Z]([a-z])+$/', '/(?=(a+)+$)b/']) {
      expect(check([`regex:${pattern}`], value).ok).toBe(false)
    }
  })

  test('a hundred thousand rules are answered one after the other', { timeout: 60_000 }, () => {
    const rules = Array.from({ length: 100_000 }, () => 'max:1').join('|')
    expect(check(rules, 'ab').failed).toHaveLength(100_000)
    const budget = { left: 100_000 }
    const large = compileRules(Array.from({ length: 5000 }, () => 'regex:/(?:abcdefghij){900}/'))
    expect(validateValue(large, 'abc', { budget }).failed).toHaveLength(5000)
  })

  test('long lists and patterns are cut in sentences', () => {
    const [sentence = ''] = check(`in:${Array.from({ length: 50 }, (_, index) => index).join(',')}`, 'x').messages
    expect(sentence).toMatch(/^Choose one of: 0, 1, .*, 29 and 20 more\.$/)
    expect((check([`regex:/${'a'.repeat(5000)}/`], 'x').messages[0] ?? '').length).toBeLessThan(400)
  })

  test('huge numbers and exponents are compared without being written out', () => {
    expect(check('numeric|max:5', `1${'0'.repeat(5000)}`).ok).toBe(false)
    expect(check('numeric|max:5', '1e999999999').ok).toBe(false)
    expect(check('numeric|min:1e999999999', '2').ok).toBe(false)
  })

  test('any rule with any value is answered', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.option(fc.string({ unit: 'binary' })), (rules, value) => {
        expect(typeof check(rules, value).ok).toBe('boolean')
        expect(typeof check([`regex:/${rules}/`, `in:${rules}`, `between:${rules}`], value, 11).ok).toBe('boolean')
        expect(typeof describeRules(rules).kind).toBe('string')
      }),
      { numRuns: 500 },
    )
  })
})
