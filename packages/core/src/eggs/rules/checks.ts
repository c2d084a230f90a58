import { not, parameterOf, text, BrokenRule, type Check } from './check.ts'
import { isHttpUrl, isIpv4, isIpv6 } from './addresses.ts'
import type { CompiledRule } from './compile-rules.ts'
import { dated, hasDateFormat, isDate } from './dates.ts'
import { isEmail } from './email.ts'
import { isInteger, isNumeric } from './php.ts'
import {
  accepted,
  allBlank,
  allFilled,
  allPresent,
  anyBlank,
  anyFilled,
  anyPresent,
  declined,
  excludedWhen,
  firstPresent,
  isFilled,
  missing,
  otherAccepted,
  otherDeclined,
  otherHolds,
  otherLacks,
  present,
  presentOtherHolds,
  prohibited,
  prohibits,
  required,
  when,
  type Condition,
} from './presence.ts'
import { compared, decimals, digits, multipleOf, sized } from './sizes.ts'
import {
  affixed,
  hexColor,
  isAscii,
  isInOthers,
  isOneOf,
  json,
  lowercase,
  macAddress,
  matches,
  spelled,
  timezone,
  ulid,
  uppercase,
  uuid,
} from './texts.ts'

export { BrokenRule, type Check, type CheckContext } from './check.ts'

const always: Check = () => true
/** What only a file or a list can meet; the value of a variable is a text. */
const never: Check = () => false
const atLeast = (order: number) => order >= 0
const atMost = (order: number) => order <= 0

/** A rule that asks something that this library has no access to. */
const elsewhere =
  (what: string): Check =>
  (_value, { written }) => {
    throw new BrokenRule(`Remove the rule ${written}: it asks ${what}, which an egg cannot rely on.`)
  }

/** `:strict` came after Laravel 11; a text never passes it. */
const isStrict = (rule: CompiledRule, laravel: 11 | 13): boolean => laravel === 13 && rule.parameters[0] === 'strict'

/** The condition, once the rule has its parameter. */
const needing =
  (count: 1 | 2, condition: Condition): Condition =>
  (rule, context) => {
    parameterOf(rule, count - 1)
    return condition(rule, context)
  }

const same: Check = (value, rule, { other }) => (other(parameterOf(rule, 0)) ?? null) === value

const confirmed: Check = (value, { parameters }, { other, attribute }) => {
  const name = parameters[0] ?? (attribute === undefined ? undefined : `${attribute}_confirmation`)
  return ((name === undefined ? undefined : other(name)) ?? null) === value
}

const different: Check = (value, rule, { other }) => {
  parameterOf(rule, 0)
  return rule.parameters.every((name) => {
    const found = other(name ?? '')
    return found === undefined || found !== value
  })
}

/** Every rule of Laravel that a text value can meet, under Laravel's name. */
export const CHECKS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['Accepted', accepted],
  ['AcceptedIf', when(otherHolds, accepted)],
  ['ActiveUrl', elsewhere('the name servers of the internet')],
  ['After', dated((order) => order > 0)],
  ['AfterOrEqual', dated(atLeast)],
  ['Alpha', spelled('\\p{L}\\p{M}', 'a-zA-Z')],
  ['AlphaDash', spelled('\\p{L}\\p{M}\\p{N}_\\-', 'a-zA-Z0-9_-')],
  ['AlphaNum', spelled('\\p{L}\\p{M}\\p{N}', 'a-zA-Z0-9')],
  ['Array', never],
  ['Ascii', (value) => isAscii(value ?? '')],
  ['Bail', always],
  ['Before', dated((order) => order < 0)],
  ['BeforeOrEqual', dated(atMost)],
  ['Between', sized(atLeast, atMost)],
  ['Boolean', (value, rule, { laravel }) => (value === '0' || value === '1') && !isStrict(rule, laravel)],
  ['Confirmed', confirmed],
  ['Contains', never],
  ['CurrentPassword', elsewhere('for the password of whoever is signed in')],
  ['Date', isDate],
  ['DateEquals', dated((order) => order === 0)],
  ['DateFormat', hasDateFormat],
  ['Decimal', decimals],
  ['Declined', declined],
  ['DeclinedIf', when(otherHolds, declined)],
  ['Different', different],
  ['Digits', digits((order) => order(0) === 0)],
  ['DigitsBetween', digits((order) => order(0) >= 0 && order(1) <= 0, 2)],
  ['Dimensions', never],
  ['Distinct', always],
  ['DoesntContain', never],
  ['DoesntEndWith', not(affixed((value, affix) => value.endsWith(affix)))],
  ['DoesntStartWith', not(affixed((value, affix) => value.startsWith(affix)))],
  ['Email', text(isEmail)],
  ['Encoding', elsewhere('for the encoding of a file')],
  ['EndsWith', affixed((value, affix) => value.endsWith(affix))],
  ['Exclude', never],
  ['ExcludeIf', excludedWhen(presentOtherHolds)],
  ['ExcludeUnless', excludedWhen(otherLacks)],
  ['ExcludeWith', excludedWhen(firstPresent)],
  ['ExcludeWithout', excludedWhen(needing(1, anyBlank))],
  ['Exists', elsewhere("the panel's database")],
  ['Extensions', never],
  ['File', never],
  ['Filled', (value, _rule, { isPresent }) => !isPresent || isFilled(value)],
  ['Gt', compared((order) => order > 0)],
  ['Gte', compared(atLeast)],
  ['HexColor', hexColor],
  ['Image', never],
  ['In', isOneOf],
  ['InArray', isInOthers],
  ['InArrayKeys', never],
  ['Integer', (value, rule, { laravel }) => value !== null && !isStrict(rule, laravel) && isInteger(value)],
  ['Ip', text((value) => isIpv4(value) || isIpv6(value))],
  ['Ipv4', text(isIpv4)],
  ['Ipv6', text(isIpv6)],
  ['Json', json],
  ['List', never],
  ['Lowercase', lowercase],
  ['Lt', compared((order) => order < 0)],
  ['Lte', compared(atMost)],
  ['MacAddress', macAddress],
  ['Max', sized(atMost)],
  ['MaxDigits', digits((order) => order(0) <= 0)],
  ['Mimes', never],
  ['Mimetypes', never],
  ['Min', sized(atLeast)],
  ['MinDigits', digits((order) => order(0) >= 0)],
  ['Missing', missing],
  ['MissingIf', when(otherHolds, missing)],
  ['MissingUnless', when(otherLacks, missing)],
  ['MissingWith', when(anyPresent, missing)],
  ['MissingWithAll', when(allPresent, missing)],
  ['MultipleOf', multipleOf],
  ['NotIn', not(isOneOf)],
  ['NotRegex', (value, rule, context) => value !== null && !matches(value, rule, context)],
  ['Nullable', always],
  ['Numeric', (value, rule, { laravel }) => isNumeric(value) && !isStrict(rule, laravel)],
  ['Present', present],
  ['PresentIf', when(otherHolds, present)],
  ['PresentUnless', when(otherLacks, present)],
  ['PresentWith', when(anyPresent, present)],
  ['PresentWithAll', when(allPresent, present)],
  ['Prohibited', prohibited],
  ['ProhibitedIf', when(otherHolds, prohibited)],
  ['ProhibitedIfAccepted', when(otherAccepted, prohibited)],
  ['ProhibitedIfDeclined', when(otherDeclined, prohibited)],
  ['ProhibitedUnless', when(otherLacks, prohibited)],
  ['Prohibits', prohibits],
  ['Regex', matches],
  ['Required', required],
  ['RequiredArrayKeys', never],
  ['RequiredIf', when(presentOtherHolds, required)],
  ['RequiredIfAccepted', when(otherAccepted, required)],
  ['RequiredIfDeclined', when(otherDeclined, required)],
  ['RequiredUnless', when(otherLacks, required)],
  ['RequiredWith', when(anyFilled, required)],
  ['RequiredWithAll', when(allFilled, required)],
  ['RequiredWithout', when(anyBlank, required)],
  ['RequiredWithoutAll', when(allBlank, required)],
  ['Same', same],
  ['Size', sized((order) => order === 0)],
  ['Sometimes', always],
  ['StartsWith', affixed((value, affix) => value.startsWith(affix))],
  ['String', (value) => value !== null],
  ['Timezone', timezone],
  ['Ulid', ulid],
  ['Unique', elsewhere("the panel's database")],
  ['Uppercase', uppercase],
  ['Url', (value, rule, { laravel }) => value !== null && isHttpUrl(value, rule.parameters, laravel)],
  ['Uuid', uuid],
])

/** Rules that Laravel 11 does not know yet. */
export const SINCE_12: ReadonlySet<string> = new Set([
  'DoesntContain',
  'Encoding',
  'InArrayKeys',
  'ProhibitedIfAccepted',
  'ProhibitedIfDeclined',
])
