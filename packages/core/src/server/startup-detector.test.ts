import { expect, test } from 'vitest'
import fc from 'fast-check'
import { compileLinearPattern } from './linear-pattern.ts'
import { createStartupDetector } from './startup-detector.ts'

test('any of the substrings says ready', () => {
  const detector = createStartupDetector(['For help, type ', 'Server started'])
  expect(detector.matches('[12:00] Done (3.2s)! For help, type "help"')).toBe(true)
  expect(detector.matches('Server starting')).toBe(false)
})

test('without patterns the server is ready at once; an empty one matches any line', () => {
  expect(createStartupDetector([]).isImmediate).toBe(true)
  expect(createStartupDetector(['']).matches('anything')).toBe(true)
})

test('colours are removed only where the egg asks for it', () => {
  const line = '\u001b[32mServer \u001b[1mstarted\u001b[0m'
  expect(createStartupDetector(['Server started']).matches(line)).toBe(false)
  expect(createStartupDetector(['Server started'], { stripAnsi: true }).matches(line)).toBe(true)
})

test('a pattern that cannot be compiled is named and never matches', () => {
  const detector = createStartupDetector(['regex:(unclosed', 'regex:(?=ahead)'])
  expect(detector.invalid).toHaveLength(2)
  expect(detector.matches('unclosed ahead')).toBe(false)
})

test('a pattern made to backtrack for ever is matched in linear time', () => {
  const detector = createStartupDetector(['regex:^(a+)+$', 'regex:(a|aa|a*)*b'])
  expect(detector.matches(`${'a'.repeat(10_000)}!`)).toBe(false)
})

test.each([
  '^\\[\\d{2}:\\d{2}\\] Done',
  'a|b|',
  '(foo|ba[rz])+\\s?x',
  '\\bword\\b',
  '[^a-c]+$',
  '(?:ab){2,3}',
  'a{0,2}b',
  'x.*?y',
  '[\\w-]+@[a-z.]+',
  '(?i)DONE',
])('agrees with the language on %s', (pattern) => {
  const linear = compileLinearPattern(pattern)
  const native = new RegExp(pattern.replace('(?i)', ''), pattern.startsWith('(?i)') ? 'i' : '')
  const text = fc.string({ unit: fc.constantFrom(...'abcxyz foord-w@.[]:12DONEdone') })
  fc.assert(
    fc.property(text, (line) => linear.test(line) === native.test(line)),
    { numRuns: 500 },
  )
  for (const line of [
    '[12:30] Done',
    'foobarbaz x',
    'a word here',
    'ababab',
    'aab',
    'x--y',
    'me-1@example.org',
    'dOnE',
  ]) {
    expect(linear.test(line)).toBe(native.test(line))
  }
})
