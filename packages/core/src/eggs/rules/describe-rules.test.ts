import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hasCorpus, readOracle } from '../corpus.test-data.ts'
import { compileRules } from './compile-rules.ts'
import { describeRules } from './describe-rules.ts'
import { validateValue } from './validate-value.ts'

describe('describeRules', () => {
  test.each([
    ['required|boolean', { kind: 'switch', required: true, values: ['0', '1'] }],
    ['required|in:true,false', { kind: 'switch', required: true, values: ['false', 'true'] }],
    ['nullable|in:easy,normal,hard', { kind: 'select', required: false, options: ['easy', 'normal', 'hard'] }],
    ['required|in:,short,far too long|max:5', { kind: 'select', required: true, options: ['short'] }],
    ['boolean|in:1', { kind: 'select', required: false, options: ['1'] }],
    ['required|integer|between:1,64', { kind: 'number', required: true, integer: true, minimum: 1, maximum: 64 }],
    ['integer|gt:0.5|lt:3', { kind: 'number', required: false, integer: true, minimum: 1, maximum: 2 }],
    ['numeric|gt:0', { kind: 'number', required: false, minimum: 0 }],
    ['numeric|digits_between:1,5', { kind: 'number', required: false, integer: true, minimum: 0, maximum: 99_999 }],
    ['integer|digits:4', { kind: 'number', required: false, integer: true, minimum: 1000, maximum: 9999 }],
    ['required|string|between:3,20', { kind: 'text', required: true, minLength: 3, maxLength: 20 }],
    ['required|regex:/^[a-z]+$/', { kind: 'text', required: true, pattern: '^[a-z]+$' }],
    ['digits_between:17,18', { kind: 'text', required: false, pattern: '^[0-9]{17,18}$' }],
    ['string|size:32', { kind: 'text', required: false, minLength: 32, maxLength: 32 }],
    ['string|max:9|gt:5|max:20', { kind: 'number', required: false, minimum: 5, maximum: 20 }],
    ['string|max:9|gt:environment.OTHER|max:20', { kind: 'text', required: false, maxLength: 9 }],
    ['max:76561202255233023', { kind: 'text', required: false }],
  ])('%s', (rules, input) => {
    expect(describeRules(rules)).toEqual(input)
  })

  test('a list that nobody could choose from is no select, and takes no time', () => {
    const many = Array.from({ length: 100_000 }, (_, index) => `v${index}`).join(',')
    expect(describeRules(`required|in:${many}`)).toEqual({ kind: 'text', required: true })
    const some = Array.from({ length: 900 }, (_, index) => `${'a'.repeat(50)}${index}`).join(',')
    expect(describeRules([`in:${some}`, 'regex:/^(a+)+$/']).kind).toBe('text')
  })

  test('a variable that is marked or named as a secret is one', () => {
    expect(describeRules('string', { envVariable: 'RCON_PASSWORD' }).kind).toBe('secret')
    expect(describeRules('string', { envVariable: 'STEAM_ACC', secret: true }).kind).toBe('secret')
    expect(describeRules('string', { envVariable: 'MAP_TOKENS', secret: false }).kind).toBe('text')
    expect(describeRules('string', { envVariable: 'COMPASS' }).kind).toBe('text')
  })
})

/** Where what the form says and what the rules say are not the same. */
function disagreements(rules: string | readonly string[], texts: readonly string[]): string[] {
  const compiled = compileRules(rules)
  const passes = (value: string | number) => validateValue(compiled, String(value)).ok
  const input = describeRules(rules)
  const found: string[] = []
  const claim = (name: string, holds: boolean) => holds || found.push(`${name} of ${String(rules)}`)

  claim('required', input.required === !passes(''))
  for (const option of [...(input.options ?? []), ...(input.values ?? [])]) claim(`option ${option}`, passes(option))
  const { minimum = -Infinity, maximum = Infinity } = input
  if (input.kind === 'number' && minimum <= maximum) {
    const isOpen = !input.integer && /(?:^|\||,)[gl]t:/.test(String(rules))
    if (input.minimum !== undefined) claim('minimum', (isOpen || passes(minimum)) && !passes(minimum - 1))
    if (input.maximum !== undefined) claim('maximum', (isOpen || passes(maximum)) && !passes(maximum + 1))
  }
  const pattern = input.pattern === undefined ? /[\s\S]*/ : new RegExp(`^(?:${input.pattern})$`, 'v')
  const { minLength = 0, maxLength = Infinity } = input
  for (const text of texts) {
    const length = [...text].length
    const isShown = length >= minLength && length <= maxLength && pattern.test(text)
    if (input.kind === 'text') claim(`text ${JSON.stringify(text)}`, isShown || !passes(text))
  }
  return found
}

test.skipIf(!hasCorpus)('the form and the rules of every egg of the corpus agree', { timeout: 60_000 }, () => {
  const { probes, entries } = readOracle('rule-vectors.json') as {
    readonly probes: readonly (string | null)[]
    readonly entries: readonly { readonly rules: string | readonly string[] }[]
  }
  // A form has one line and sends no empty text.
  const texts = probes.filter((probe) => probe !== null && probe.trim() !== '' && !probe.includes('\n'))
  expect(entries.flatMap(({ rules }) => disagreements(rules, texts as string[]))).toEqual([])
})

test('they agree for lists of rules that nobody has written yet', { timeout: 60_000 }, () => {
  const number = fc.integer({ min: 0, max: 12 })
  const token = fc.oneof(
    fc.constantFrom('required', 'nullable', 'string', 'integer', 'numeric', 'boolean', 'alpha', 'alpha_dash', 'filled'),
    fc
      .tuple(fc.constantFrom('min', 'max', 'size', 'gt', 'gte', 'lt', 'lte', 'digits'), number)
      .map((parts) => parts.join(':')),
    fc
      .tuple(fc.constantFrom('between', 'digits_between'), number, number)
      .map(([name, a, b]) => `${name}:${Math.min(a, b)},${Math.max(a, b)}`),
    fc
      .array(fc.constantFrom('a', 'b', '0', '1', 'true', 'false', ''), { minLength: 1, maxLength: 4 })
      .map((items) => `in:${items.join(',')}`),
  )
  fc.assert(
    fc.property(fc.uniqueArray(token, { minLength: 1, maxLength: 4 }), (rules) => {
      expect(disagreements(rules, ['a', 'ab-c', 'é', '12', '0', '1.5'])).toEqual([])
    }),
    { numRuns: 2000 },
  )
})
