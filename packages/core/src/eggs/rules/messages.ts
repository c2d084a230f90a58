import type { CompiledRule } from './compile-rules.ts'

/** A sentence that tells a person what to enter. `isNumber` is false where sizes are lengths. */
export function messageFor({ name, parameters, written }: CompiledRule, isNumber: boolean): string {
  const first = parameters[0] ?? ''
  const second = parameters[1] ?? ''
  const list = listOf(parameters.map((item) => item || 'nothing'))
  const unit = isNumber ? '' : first === '1' && second === '' ? ' character' : ' characters'
  const other = nameOf(first)
  const others = listOf(parameters.map((item) => nameOf(item ?? '')))
  switch (name) {
    case 'Required':
    case 'RequiredIf':
    case 'RequiredIfAccepted':
    case 'RequiredIfDeclined':
    case 'RequiredUnless':
    case 'RequiredWith':
    case 'RequiredWithAll':
    case 'RequiredWithout':
    case 'RequiredWithoutAll':
    case 'Filled':
    case 'Present':
    case 'PresentIf':
    case 'PresentUnless':
    case 'PresentWith':
    case 'PresentWithAll':
      return `Enter a value${conditionOf(name, first, parameters.slice(1), others)}.`
    case 'Missing':
    case 'MissingIf':
    case 'MissingUnless':
    case 'MissingWith':
    case 'MissingWithAll':
    case 'Prohibited':
    case 'ProhibitedIf':
    case 'ProhibitedIfAccepted':
    case 'ProhibitedIfDeclined':
    case 'ProhibitedUnless':
      return `Leave this empty${conditionOf(name, first, parameters.slice(1), others)}.`
    case 'Prohibits':
      return `Leave this empty, or leave ${others} empty.`
    case 'Accepted':
    case 'AcceptedIf':
      return `Enter 1, yes, on or true${conditionOf(name, first, parameters.slice(1), others)}.`
    case 'Declined':
    case 'DeclinedIf':
      return `Enter 0, no, off or false${conditionOf(name, first, parameters.slice(1), others)}.`
    case 'String':
      return 'Enter a text.'
    case 'Boolean':
      return 'Enter 1 for on or 0 for off.'
    case 'Integer':
      return 'Enter a whole number.'
    case 'Numeric':
      return 'Enter a number.'
    case 'Decimal':
      return `Enter a number with ${second === '' ? first : `${first} to ${second}`} decimal places.`
    case 'MultipleOf':
      return `Enter a multiple of ${first}.`
    case 'In':
      return `Choose one of: ${list}.`
    case 'InArray':
      return `Enter a value that one of ${others} has.`
    case 'NotIn':
      return `Choose something other than: ${list}.`
    case 'Min':
      return `Enter at least ${first}${unit}.`
    case 'Max':
      return `Enter at most ${first}${unit}.`
    case 'Gte':
      return `Enter ${numberOrOther(first, isNumber, 'at least')}.`
    case 'Lte':
      return `Enter ${numberOrOther(first, isNumber, 'at most')}.`
    case 'Gt':
      return `Enter ${numberOrOther(first, isNumber, 'more than')}.`
    case 'Lt':
      return `Enter ${numberOrOther(first, isNumber, 'less than')}.`
    case 'Between':
      return `Enter ${first} to ${second}${unit}.`
    case 'Size':
      return `Enter exactly ${first}${unit}.`
    case 'Digits':
      return `Enter exactly ${first} ${first === '1' ? 'digit' : 'digits'}.`
    case 'DigitsBetween':
      return `Enter ${first} to ${second} digits.`
    case 'MinDigits':
      return `Enter at least ${first} digits, and nothing else.`
    case 'MaxDigits':
      return `Enter at most ${first} digits, and nothing else.`
    case 'Alpha':
      return 'Use letters only.'
    case 'AlphaNum':
      return 'Use letters and digits only.'
    case 'AlphaDash':
      return 'Use letters, digits, dashes and underscores only.'
    case 'Ascii':
      return 'Use plain letters, digits and signs only, without accents.'
    case 'Lowercase':
      return 'Use lower-case letters only.'
    case 'Uppercase':
      return 'Use capital letters only.'
    case 'Regex':
      return `Enter a value of the form ${shortened(first)}.`
    case 'NotRegex':
      return `Enter a value that is not of the form ${shortened(first)}.`
    case 'Url':
      return 'Enter a whole address such as https://example.com.'
    case 'Ip':
      return 'Enter an IP address such as 192.0.2.1 or 2001:db8::1.'
    case 'Ipv4':
      return 'Enter an IPv4 address such as 192.0.2.1.'
    case 'Ipv6':
      return 'Enter an IPv6 address such as 2001:db8::1.'
    case 'MacAddress':
      return 'Enter a MAC address such as 00:53:00:12:34:56.'
    case 'Email':
      return 'Enter an e-mail address such as me@example.com.'
    case 'HexColor':
      return 'Enter a colour such as #1e90ff.'
    case 'Uuid':
      return 'Enter a UUID such as 123e4567-e89b-42d3-a456-426614174000.'
    case 'Ulid':
      return 'Enter a ULID: 26 letters and digits.'
    case 'Json':
      return 'Enter JSON such as {"key": "value"}.'
    case 'Timezone':
      return 'Enter a time zone such as Europe/Brussels.'
    case 'Date':
      return 'Enter a date such as 2026-01-31.'
    case 'DateFormat':
      return `Enter a date or time in the format ${list}.`
    case 'DateEquals':
      return `Enter the date ${other}.`
    case 'After':
      return `Enter a date after ${other}.`
    case 'AfterOrEqual':
      return `Enter ${other} or a later date.`
    case 'Before':
      return `Enter a date before ${other}.`
    case 'BeforeOrEqual':
      return `Enter ${other} or an earlier date.`
    case 'Same':
      return `Enter the same value as ${other}.`
    case 'Confirmed':
      return 'Enter the same value in both places.'
    case 'Different':
      return `Enter another value than ${others}.`
    case 'EndsWith':
      return `End the value with one of: ${list}.`
    case 'StartsWith':
      return `Begin the value with one of: ${list}.`
    case 'DoesntEndWith':
      return `End the value with none of: ${list}.`
    case 'DoesntStartWith':
      return `Begin the value with none of: ${list}.`
    default:
      return `No text can meet the rule ${shortened(written)}; ask whoever wrote the egg to remove it.`
  }
}

const MAX_NAMED = 30
const MAX_SHOWN = 300

/** Nobody reads a longer one. */
const listOf = (items: readonly string[]): string =>
  shortened(
    items.length <= MAX_NAMED
      ? items.join(', ')
      : `${items.slice(0, MAX_NAMED).join(', ')} and ${items.length - MAX_NAMED} more`,
  )

const shortened = (text: string): string => (text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}…`)

/** `environment.PORT` is the variable PORT. */
const nameOf = (attribute: string): string => attribute.replace(/^environment\./, '')

function numberOrOther(parameter: string, isNumber: boolean, words: string): string {
  if (/^[\s\d.+-]/.test(parameter)) return `a number that is ${words} ${parameter.trim()}`
  return isNumber
    ? `a number that is ${words} ${nameOf(parameter)}`
    : `a value that is ${LONGER[words]} ${nameOf(parameter)}`
}

const LONGER: Readonly<Record<string, string>> = {
  'at least': 'at least as long as',
  'at most': 'at most as long as',
  'more than': 'longer than',
  'less than': 'shorter than',
}

/** When it is asked for, as the end of a sentence. */
function conditionOf(name: string, first: string, values: readonly (string | null)[], others: string): string {
  const other = nameOf(first)
  const list = listOf(values.map((item) => item ?? ''))
  if (name.endsWith('IfAccepted')) return ` when ${other} is on`
  if (name.endsWith('IfDeclined')) return ` when ${other} is off`
  if (name.endsWith('If')) return ` when ${other} is ${list}`
  if (name.endsWith('Unless')) return ` unless ${other} is ${list}`
  if (name.endsWith('WithoutAll')) return ` when ${others} are all empty`
  if (name.endsWith('Without')) return ` when one of ${others} is empty`
  if (name.endsWith('WithAll')) return ` when ${others} are all filled in`
  return name.endsWith('With') ? ` when one of ${others} is filled in` : ''
}
