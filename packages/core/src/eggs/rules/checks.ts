import { codePoints } from '../pattern/pattern.ts'
import { toBytes, type CompiledRule } from './compile-rules.ts'
import { compareDecimals, parseDecimal } from './decimal.ts'
import { isHttpUrl, isIpv4, isIpv6 } from './addresses.ts'
import { isInteger, isNumeric, lengthOf, looselyEqual, phpTrim } from './php.ts'

/** Laravel would answer with an exception: the rule itself is at fault, not the value. */
export class BrokenRule extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'BrokenRule'
  }
}

export interface CheckContext {
  readonly laravel: 11 | 13
  /** A rule that makes the value a number stands somewhere in the list. */
  readonly isNumber: boolean
  /** Value of another attribute, as `environment.NAME`; null where there is none. */
  readonly other: (attribute: string) => string | null
  readonly isPresent: boolean
}

export type Check = (value: string | null, rule: CompiledRule, context: CheckContext) => boolean

const MAX_MATCHED = 64 * 1024

function parameterOf({ name, parameters }: CompiledRule, index: number): string {
  if (parameters.length <= index) {
    throw new BrokenRule(`Give the rule ${name} ${index + 1} ${index === 0 ? 'parameter' : 'parameters'}.`)
  }
  return parameters[index] ?? ''
}

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
  if (!left || !right) throw new BrokenRule(`Write a number after ${rule.name}: ${JSON.stringify(limit)} is none.`)
  return compareDecimals(left, right)
}

const sized =
  (...tests: ((order: number) => boolean)[]): Check =>
  (value, rule, context) => {
    const limits = tests.map((_, index) => parameterOf(rule, index))
    return tests.every((test, index) => test(compareSize(value, limits[index] ?? '', context, rule)))
  }

const atLeast = (order: number) => order >= 0
const atMost = (order: number) => order <= 0

const compared =
  (test: (order: number) => boolean): Check =>
  (value, rule, context) => {
    const parameter = parameterOf(rule, 0)
    const other = context.other(parameter)
    const counted = { ...context, isNumber: context.isNumber || isNumeric(value) }
    if (other === null && isNumeric(value) && isNumeric(parameter)) {
      return test(compareSize(value, parameter, counted, rule))
    }
    if (isNumeric(parameter) || other === null || value === null) return false
    if (counted.isNumber && isNumeric(value) && isNumeric(other)) return test(compareSize(value, other, counted, rule))
    return test(lengthOf(value) - lengthOf(other))
  }

const isOneOf: Check = (value, rule, { laravel }) => {
  parameterOf(rule, 0)
  const text = value ?? ''
  return rule.parameters.some((item) => (laravel === 11 ? looselyEqual(text, item ?? '') : text === (item ?? '')))
}

const matches: Check = (value, rule) => {
  parameterOf(rule, 0)
  if (value === null) return false
  if (!rule.pattern)
    throw new BrokenRule(`Correct the pattern of ${rule.written}: it needs delimiters, as in /^[a-z]+$/.`)
  if (value.length > MAX_MATCHED) return false
  return rule.pattern.pattern.find(codePoints(rule.pattern.isUnicode ? value : toBytes(value))) !== null
}

const spelled =
  (unicode: RegExp, ascii: RegExp): Check =>
  (value, rule) =>
    value !== null && (rule.parameters[0] === 'ascii' ? ascii : unicode).test(value)

const text =
  (test: (value: string) => boolean): Check =>
  (value) =>
    value !== null && test(value)

const digits =
  (test: (length: number, rule: CompiledRule) => boolean): Check =>
  (value, rule) =>
    test((value ?? '').length, rule) && /^\d+$/.test(value ?? '') && !(value ?? '').endsWith('\n')

const affixed =
  (test: (value: string, affix: string) => boolean): Check =>
  (value, rule) => {
    parameterOf(rule, 0)
    return value !== null && rule.parameters.some((affix) => affix !== null && affix !== '' && test(value, affix))
  }

const not =
  (check: Check): Check =>
  (value, rule, context) =>
    !check(value, rule, context)

const isFilled = (value: string | null): boolean => value !== null && phpTrim(value) !== ''
const always: Check = () => true
const accepted: Check = (value) => value !== null && ['yes', 'on', '1', 'true'].includes(value)
const declined: Check = (value) => value !== null && ['no', 'off', '0', 'false'].includes(value)

/** The attribute of the first parameter holds one of the others. */
const otherHolds: Check = (_value, rule, { other }) => {
  parameterOf(rule, 1)
  const found = other(parameterOf(rule, 0))
  return found !== null && rule.parameters.slice(1).some((item) => looselyEqual(found, item ?? ''))
}

const whenOther =
  (isMet: boolean, check: Check): Check =>
  (value, rule, context) =>
    otherHolds(value, rule, context) !== isMet || check(value, rule, context)

const required: Check = (value) => isFilled(value)
const areFilled = (rule: CompiledRule, context: CheckContext) =>
  rule.parameters.map((name) => isFilled(context.other(name ?? '')))

const requiredWhen =
  (isMet: (filled: readonly boolean[]) => boolean): Check =>
  (value, rule, context) => {
    parameterOf(rule, 0)
    return !isMet(areFilled(rule, context)) || isFilled(value)
  }

/** Every rule of Laravel that a text value can meet, under Laravel's name. */
export const CHECKS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['Accepted', accepted],
  ['AcceptedIf', whenOther(true, accepted)],
  ['Alpha', spelled(/^[\p{L}\p{M}]+$/u, /^[a-zA-Z]+$/)],
  ['AlphaDash', spelled(/^[\p{L}\p{M}\p{N}_-]+$/u, /^[a-zA-Z0-9_-]+$/)],
  ['AlphaNum', spelled(/^[\p{L}\p{M}\p{N}]+$/u, /^[a-zA-Z0-9]+$/)],
  ['Array', () => false],
  ['Ascii', text((value) => /^[\0-\x7f]*$/.test(value))],
  ['Bail', always],
  ['Between', sized(atLeast, atMost)],
  ['Boolean', (value) => value === '0' || value === '1'],
  ['Date', text((value) => /\d/.test(value) && !Number.isNaN(Date.parse(value)))],
  ['Decimal', (value, rule) => hasDecimals(value, parameterOf(rule, 0), rule.parameters[1] ?? null)],
  ['Declined', declined],
  ['DeclinedIf', whenOther(true, declined)],
  ['Different', (value, rule, { other }) => other(parameterOf(rule, 0)) !== value],
  ['Digits', digits((length, rule) => looselyEqual(String(length), parameterOf(rule, 0)))],
  [
    'DigitsBetween',
    digits((length, rule) => length >= Number(parameterOf(rule, 0)) && length <= Number(parameterOf(rule, 1))),
  ],
  ['DoesntEndWith', not(affixed((value, affix) => value.endsWith(affix)))],
  ['DoesntStartWith', not(affixed((value, affix) => value.startsWith(affix)))],
  ['Email', text((value) => /^[^\s@"(),:;<>[\\\]]+@[^\s@_]+$/.test(value) && !/^\.|\.[.@]|\.$/.test(value))],
  ['EndsWith', affixed((value, affix) => value.endsWith(affix))],
  ['Filled', (value, _rule, { isPresent }) => !isPresent || isFilled(value)],
  ['Gt', compared((order) => order > 0)],
  ['Gte', compared((order) => order >= 0)],
  ['HexColor', text((value) => /^#(?:[0-9a-f]{3}|[0-9a-f]{4}|[0-9a-f]{6}|[0-9a-f]{8})$/i.test(value))],
  ['In', isOneOf],
  ['Integer', (value, rule, { laravel }) => value !== null && !isStrict(rule, laravel) && isInteger(value)],
  ['Ip', text((value) => isIpv4(value) || isIpv6(value))],
  ['Ipv4', text(isIpv4)],
  ['Ipv6', text(isIpv6)],
  ['Json', text(isJson)],
  ['Lowercase', text((value) => value === value.toLowerCase())],
  ['Lt', compared((order) => order < 0)],
  ['Lte', compared((order) => order <= 0)],
  [
    'MacAddress',
    text((value) =>
      /^[0-9a-f]{2}(?:([:-])[0-9a-f]{2}(?:\1[0-9a-f]{2}){4})$|^(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}$/i.test(value),
    ),
  ],
  ['Max', sized(atMost)],
  ['MaxDigits', digits((length, rule) => length <= Number(parameterOf(rule, 0)))],
  ['Min', sized(atLeast)],
  ['MinDigits', digits((length, rule) => length >= Number(parameterOf(rule, 0)))],
  ['Missing', (_value, _rule, { isPresent }) => !isPresent],
  ['MultipleOf', (value, rule) => isMultiple(value, parameterOf(rule, 0))],
  ['NotIn', not(isOneOf)],
  ['NotRegex', (value, rule, context) => value !== null && !matches(value, rule, context)],
  ['Nullable', always],
  ['Numeric', (value, rule, { laravel }) => isNumeric(value) && !isStrict(rule, laravel)],
  ['Present', (_value, _rule, { isPresent }) => isPresent],
  ['Prohibited', (value) => !isFilled(value)],
  ['Regex', matches],
  ['Required', required],
  ['RequiredIf', whenOther(true, required)],
  ['RequiredUnless', whenOther(false, required)],
  ['RequiredWith', requiredWhen((filled) => filled.some(Boolean))],
  ['RequiredWithAll', requiredWhen((filled) => filled.every(Boolean))],
  ['RequiredWithout', requiredWhen((filled) => !filled.every(Boolean))],
  ['RequiredWithoutAll', requiredWhen((filled) => !filled.some(Boolean))],
  ['Same', (value, rule, { other }) => other(parameterOf(rule, 0)) === value],
  ['Size', sized((order) => order === 0)],
  ['Sometimes', always],
  ['StartsWith', affixed((value, affix) => value.startsWith(affix))],
  ['String', (value) => value !== null],
  ['Timezone', text(isTimezone)],
  ['Ulid', text((value) => /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/i.test(value))],
  ['Uppercase', text((value) => value === value.toUpperCase())],
  ['Url', (value, rule, { laravel }) => value !== null && isHttpUrl(value, rule.parameters, laravel)],
  ['Uuid', text((value) => /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i.test(value))],
])

/** `integer:strict` came after Laravel 11; a text never passes it. */
const isStrict = (rule: CompiledRule, laravel: 11 | 13): boolean => laravel === 13 && rule.parameters[0] === 'strict'

function hasDecimals(value: string | null, min: string, max: string | null): boolean {
  if (!isNumeric(value)) return false
  const found = /^[+-]?\d*\.?(\d*)$/.exec(value)
  if (!found) return false
  const places = (found[1] ?? '').length
  return max === null ? places === Number(min) : places >= Number(min) && places <= Number(max)
}

function isMultiple(value: string | null, of: string): boolean {
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

function isJson(value: string): boolean {
  try {
    JSON.parse(value)
    return true
  } catch {
    // That it cannot be read is the answer.
    return false
  }
}

function isTimezone(value: string): boolean {
  if (!/^(?:UTC|[A-Za-z_]+\/[A-Za-z0-9_+/-]+)$/.test(value)) return false
  try {
    return new Intl.DateTimeFormat('en', { timeZone: value }).resolvedOptions().timeZone !== ''
  } catch {
    // An unknown name is a RangeError.
    return false
  }
}
