import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { CHECKS, SINCE_12 } from './checks.ts'
import { compileRules } from './compile-rules.ts'
import { validateValue, type ValidateOptions } from './validate-value.ts'

const validate = (rules: string | readonly string[], value: string | null | undefined, options: ValidateOptions = {}) =>
  validateValue(compileRules(rules), value, options)

interface Answers {
  readonly environment: Readonly<Record<string, string>>
  readonly general: readonly string[]
  readonly dates: readonly string[]
  readonly rows: readonly {
    readonly rule: string
    readonly values: 'general' | 'dates' | readonly string[]
    readonly verdicts: string
  }[]
}

const answers = JSON.parse(
  readFileSync(new URL('../../../test/fixtures/rules/php-answers.json', import.meta.url), 'utf8'),
) as Answers

describe('rules that no egg of the corpus has', () => {
  test.each(answers.rows)('$rule is answered as PHP answers it', ({ rule, values, verdicts }) => {
    const list = typeof values === 'string' ? answers[values] : values
    const got = list.map((value) => {
      const environment = { ...answers.environment, A: value }
      const { ok, isRuleBroken } = validate(rule, value, { environment, name: 'A' })
      return isRuleBroken ? 'E' : ok ? 'P' : 'F'
    })
    const wrong = list.filter((_, index) => got[index] !== verdicts[index])
    expect(wrong).toEqual([])
  })

  test('what needs a database, the internet or a session is said to be broken, and does not throw', () => {
    for (const rule of [
      'exists:servers,name',
      'unique:users',
      'active_url',
      'current_password',
      'timezone:per_country,BE',
    ]) {
      const { ok, isRuleBroken, messages } = validate(rule, 'x')
      expect([rule, ok, isRuleBroken, messages.length]).toEqual([rule, false, true, 1])
    }
    // Laravel does not ask the database once something else has failed.
    expect(validate('integer|unique:users', 'x')).toMatchObject({ failed: ['Integer'], isRuleBroken: false })
  })

  test('a date that counts from today is said to be broken: the answer must not depend on the day', () => {
    expect(validate('after:tomorrow', '2026-01-31')).toMatchObject({ ok: false, isRuleBroken: true })
    expect(validate('before:+1 week', '2026-01-31').isRuleBroken).toBe(true)
  })

  test('a number that was compared as one stays one for the rules behind', () => {
    expect(validate('gt:0|max:5', '100').failed).toEqual(['Max'])
    expect(validate('max:5|gt:0', '100').ok).toBe(true)
  })

  test('rules that are newer than a version of Laravel are unknown to it', () => {
    for (const rule of SINCE_12) expect(validate(rule, 'x', { laravel: 11 }).isRuleBroken).toBe(true)
    expect(validate('boolean:strict', '1', { laravel: 11 }).ok).toBe(true)
    expect(validate('boolean:strict', '1', { laravel: 13 }).failed).toEqual(['Boolean'])
    const uuid = '01890a5d-ac96-774b-bcce-b302099a8057'
    expect(validate('uuid:4', uuid, { laravel: 11 }).ok).toBe(true)
    expect(validate('uuid:4', uuid).ok).toBe(false)
    expect(validate('uuid:7', uuid).ok).toBe(true)
    expect(validate('uuid:0', '00000000-0000-0000-0000-000000000000').ok).toBe(true)
    expect(validate('uuid:max', 'ffffffff-ffff-ffff-ffff-ffffffffffff').ok).toBe(true)
  })

  test('conditions on another variable name it as environment.NAME', () => {
    const environment = { MODE: 'online', EMPTY: '' }
    expect(validate('required_if:environment.MODE,online', '', { environment }).messages).toEqual([
      'Enter a value when MODE is online.',
    ])
    expect(validate('required_if:MODE,online', '', { environment }).ok).toBe(true)
    expect(validate('required_without:environment.EMPTY', '', { environment }).ok).toBe(false)
    expect(validate('prohibited_if:environment.MODE,online', 'x', { environment }).failed).toEqual(['ProhibitedIf'])
    expect(validate('exclude_if:environment.MODE,online|integer', 'x', { environment }).ok).toBe(true)
    expect(validate('in_array:environment.*', 'online', { environment }).ok).toBe(true)
    expect(validate('confirmed', 'x', { environment: { A_confirmation: 'x' }, name: 'A' }).ok).toBe(true)
  })

  test('every rule fails with a sentence, or passes, on anything', { timeout: 60_000 }, () => {
    const sentences = new Set<string>()
    for (const name of CHECKS.keys()) {
      for (const parameters of ['', ':', ':1', ':1,2', ':environment.B,1', ':/a/', ':Y-m-d', ':*'.repeat(20)]) {
        for (const value of [null, undefined, '', '0', 'abc', '\0', '9'.repeat(70_000), '['.repeat(2000)]) {
          for (const laravel of [11, 13] as const) {
            const result = validate(name + parameters, value, { laravel, environment: { B: '1' } })
            expect(result.messages).toHaveLength(result.failed.length)
            for (const message of result.messages) sentences.add(message.length > 200 ? '' : message)
          }
        }
      }
    }
    for (const sentence of sentences) if (sentence !== '') expect(sentence).toMatch(/^[A-Z].*\.$/s)
  })
})
