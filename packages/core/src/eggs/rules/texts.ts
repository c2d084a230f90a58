import { once } from '../once.ts'
import { BrokenRule, parameterOf, text, type Check } from './check.ts'
import { codePoints, createPattern } from '../pattern/pattern.ts'
import { toBytes } from './compile-rules.ts'
import { looselyEqual } from './php.ts'
import { isTimezone, timezoneArea } from './timezones.ts'

const MAX_MATCHED = 64 * 1024

/** `in`: Laravel 11 compares as PHP's `==` does, 13 exactly. */
export const isOneOf: Check = (value, rule, { laravel }) => {
  const written = value ?? ''
  return rule.parameters.some((item) => (laravel === 11 ? looselyEqual(written, item ?? '') : written === (item ?? '')))
}

/** `in_array:environment.*`: the value of one of the others. */
export const isInOthers: Check = (value, rule, context) => {
  const wanted = parameterOf(rule, 0)
  const source = wanted.replace(/[^\w*]/gu, '\\$&').replaceAll('*', '.*')
  const pattern = createPattern(`^${source}$`, { dotAll: true, dollarEndOnly: true })
  for (const [name, other] of context.attributes()) {
    if (looselyEqual(value ?? '', other ?? '') && pattern.find(codePoints(name)) !== null) return true
  }
  return false
}

/** `regex`: the pattern is found, within the steps that PCRE takes. */
export const matches: Check = (value, rule, { budget }) => {
  if (value === null) return false
  parameterOf(rule, 0)
  // What others have spent is not there for compiling either.
  if (budget.left <= 0) return false
  const pattern = rule.pattern?.compile()
  if (!rule.pattern || !pattern) {
    throw new BrokenRule(`Correct the pattern of ${rule.written}: it needs delimiters, as in /^[a-z]+$/.`)
  }
  if (value.length > MAX_MATCHED) return false
  return pattern.find(codePoints(rule.pattern.isUnicode ? value : toBytes(value)), 0, budget) !== null
}

/** `alpha` and its kind: characters of Unicode, or those of ASCII where the parameter says so. */
export function spelled(unicode: string, ascii: string): Check {
  const wide = once(() => new RegExp(`^[${unicode}]+$`, 'u'))
  const narrow = once(() => new RegExp(`^[${ascii}]+$`))
  return (value, rule) => value !== null && (rule.parameters[0] === 'ascii' ? narrow() : wide()).test(value)
}

/** `starts_with` and its kind: one of the parameters; an empty one never counts. */
export const affixed =
  (test: (value: string, affix: string) => boolean): Check =>
  (value, rule) =>
    value !== null && rule.parameters.some((affix) => affix !== null && affix !== '' && test(value, affix))

/** PHP's own idea of printable ASCII: tab, line ends, 0x10 and 0x13 are in, other control characters are not. */
// oxlint-disable-next-line no-control-regex -- they are what is asked for
export const isAscii = (value: string): boolean => /^[\t\x10\x13\n\r\x20-\x7e]*$/.test(value)

const MAC = /^[0-9a-f]{2}(?:([:-])[0-9a-f]{2}(?:\1[0-9a-f]{2}){4})$|^(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}$/i

export const macAddress = text((value) => MAC.test(value))
export const hexColor = text((value) => /^#(?:[0-9a-f]{3}|[0-9a-f]{4}|[0-9a-f]{6}|[0-9a-f]{8})\n?$/i.test(value))
export const ulid = text((value) => /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/i.test(value))
export const lowercase = text((value) => value === value.toLowerCase())
export const uppercase = text((value) => value === value.toUpperCase())

const UUID = /^[\da-f]{8}-[\da-f]{4}-([\da-f])[\da-f]{3}-([\da-f])[\da-f]{3}-[\da-f]{12}$/i
const NIL = '00000000-0000-0000-0000-000000000000'

/** `uuid`, in Laravel 13 also `uuid:7` for a version, 0 for the nil one, `max` for the last one. */
export const uuid: Check = (value, { parameters }, { laravel }) => {
  if (value === null) return false
  const [version] = parameters
  if (laravel === 11 || parameters.length !== 1) return UUID.test(value)
  const bare = value.replace(/urn:|uuid:|[{}]/gi, '').toLowerCase()
  const found = UUID.exec(bare)
  if (!found) return false
  if (version === 'max') return bare === NIL.replaceAll('0', 'f')
  const wanted = Number.parseInt(version ?? '', 10) || 0
  if (wanted === 0) return bare === NIL
  return /[89ab]/.test(found[2] ?? '') && found[1] === String(wanted) && wanted <= 8
}

const JSON_DEPTH = 511

/** As PHP reads JSON: 511 levels deep, no half of a surrogate pair. */
export const json = text((value) => {
  if (depthOf(value) > JSON_DEPTH || hasLoneSurrogate(value)) return false
  try {
    JSON.parse(value)
    return true
  } catch {
    // That it cannot be read is the answer.
    return false
  }
})

/** Among the escapes: `\ud800` without its other half. */
function hasLoneSurrogate(value: string): boolean {
  let highEnd = -1
  for (const { 0: escape, 1: hex, index } of value.matchAll(/\\(?:u([0-9a-fA-F]{4})|.)/gs)) {
    const code = Number.parseInt(hex ?? '0', 16)
    const isLow = code >= 0xdc00 && code <= 0xdfff
    if (isLow !== (highEnd === index)) return true
    highEnd = code >= 0xd800 && code <= 0xdbff ? index + escape.length : -1
  }
  return highEnd >= 0
}

function depthOf(value: string): number {
  let depth = 0
  let deepest = 0
  for (const sign of value.replace(/"(?:[^"\\]|\\.)*"/g, '').matchAll(/[[\]{}]/g)) {
    depth += sign[0] === '[' || sign[0] === '{' ? 1 : -1
    deepest = Math.max(deepest, depth)
  }
  return deepest
}

/** `timezone`, `timezone:Europe`; by country it cannot be answered here. */
export const timezone: Check = (value, rule) => {
  const [group] = rule.parameters
  if (group === undefined || group === null) return value !== null && isTimezone(value)
  const area = timezoneArea(group)
  if (area === null) throw new BrokenRule(`Name an area such as Europe in ${rule.written}, or none.`)
  return value !== null && isTimezone(value, area)
}
