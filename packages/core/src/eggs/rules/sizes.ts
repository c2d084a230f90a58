import { BrokenRule, compareWhole, parameterOf, type Check, type CheckContext } from './check.ts'
import type { CompiledRule } from './compile-rules.ts'
import { compareDecimals, parseDecimal } from './decimal.ts'
import { isNumeric, lengthOf, phpTrim } from './php.ts'

/** The number of the value where it is one and a numeric rule says so, otherwise its length. */
function compareSize(value: string | null, limit: string, context: CheckContext, rule: CompiledRule): number {
  const isNumber = context.isNumber && isNumeric(value)
  const size = isNumber ? phpTrim(value) : String(lengthOf(value ?? ''))
  if (isNumber) {
    const exponent = /e([+-]?\d+)$/i.exec(size)?.[1]
    if (exponent !== undefined && Math.abs(Number(exponent)) > 1000) {
      if (context.laravel === 11) throw new BrokenRule('The exponent of the number is too large.')
      return Number.NaN
    }
  }
  const left = parseDecimal(size)
  const right = parseDecimal(phpTrim(limit))
  if (!left) throw new BrokenRule('The number has too many digits to be compared.')
  if (!right) throw new BrokenRule(`Write a number after ${rule.name}: ${JSON.stringify(limit)} is none.`)
  return compareDecimals(left, right)
}

/** `min`, `max`, `between`, `size`: one test for each parameter, of the order of the size and it. */
export const sized =
  (...tests: ((order: number) => boolean)[]): Check =>
  (value, rule, context) => {
    const limits = tests.map((_, index) => parameterOf(rule, index))
    return tests.every((test, index) => test(compareSize(value, limits[index] ?? '', context, rule)))
  }

/** `gt`, `gte`, `lt`, `lte`: with a number, or with another variable. */
export const compared =
  (test: (order: number) => boolean): Check =>
  (value, rule, context) => {
    const parameter = parameterOf(rule, 0)
    const other = context.other(parameter) ?? null
    if (other === null && isNumeric(value) && isNumeric(parameter)) {
      return test(compareSize(value, parameter, context, rule))
    }
    if (isNumeric(parameter)) return false
    if (context.isNumber && isNumeric(value) && isNumeric(other)) return test(compareSize(value, other, context, rule))
    if ((value === null) !== (other === null)) return false
    const size = context.isNumber && isNumeric(other) ? other : String(lengthOf(other ?? ''))
    return test(compareSize(value, size, context, rule))
  }

/** Only digits, and a length that the test lets through. */
export const digits =
  (test: (order: (parameter: number) => number) => boolean, count: 1 | 2 = 1): Check =>
  (value, rule) => {
    parameterOf(rule, count - 1)
    const written = value ?? ''
    return !/[^0-9]/.test(written) && test((index) => compareWhole(written.length, rule.parameters[index] ?? null))
  }

/** `decimal:min,max`: this many places behind the point. */
export const decimals: Check = (value, rule) => {
  parameterOf(rule, 0)
  if (!isNumeric(value)) return false
  const places = /^[+-]?\d*\.?(\d*)\n?$/.exec(value)?.[1]?.length
  if (places === undefined) return false
  const [min = null, max] = rule.parameters
  if (rule.parameters.length < 2) return compareWhole(places, min) === 0
  return compareWhole(places, min) >= 0 && compareWhole(places, max ?? null) <= 0
}

/** `multiple_of:n`, exactly. */
export const multipleOf: Check = (value, rule) => {
  const of = parameterOf(rule, 0)
  if (!isNumeric(value) || !isNumeric(of)) return false
  const a = parseDecimal(phpTrim(value))
  const b = parseDecimal(phpTrim(of))
  if (!a || !b || Math.abs(a.exponent) > 1000 || Math.abs(b.exponent) > 1000) return false
  if (a.digits === 0n) return b.digits !== 0n
  if (b.digits === 0n) return false
  const shift = a.exponent - b.exponent
  const left = shift > 0 ? a.digits * 10n ** BigInt(shift) : a.digits
  const right = shift < 0 ? b.digits * 10n ** BigInt(-shift) : b.digits
  return left % right === 0n
}
