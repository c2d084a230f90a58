import type { CompiledRule } from './compile-rules.ts'

/** A sentence that tells a person what to enter. */
export function messageFor({ name, parameters, written }: CompiledRule, isNumber: boolean): string {
  const first = parameters[0] ?? ''
  const second = parameters[1] ?? ''
  const list = parameters.map((item) => item ?? '').join(', ')
  const unit = isNumber ? '' : ' characters'
  switch (name) {
    case 'Required':
    case 'Filled':
      return 'Enter a value.'
    case 'String':
      return 'Enter a text.'
    case 'Boolean':
      return 'Enter 1 for on or 0 for off.'
    case 'Integer':
      return 'Enter a whole number.'
    case 'Numeric':
      return 'Enter a number.'
    case 'In':
      return `Choose one of: ${list}.`
    case 'NotIn':
      return `Choose something other than: ${list}.`
    case 'Min':
    case 'Gte':
      return `Enter at least ${first}${unit}.`
    case 'Max':
    case 'Lte':
      return `Enter at most ${first}${unit}.`
    case 'Gt':
      return `Enter more than ${first}${unit}.`
    case 'Lt':
      return `Enter less than ${first}${unit}.`
    case 'Between':
      return `Enter ${first} to ${second}${unit}.`
    case 'Size':
      return `Enter exactly ${first}${unit}.`
    case 'Digits':
      return `Enter exactly ${first} digits.`
    case 'DigitsBetween':
      return `Enter ${first} to ${second} digits.`
    case 'Alpha':
      return 'Use letters only.'
    case 'AlphaNum':
      return 'Use letters and digits only.'
    case 'AlphaDash':
      return 'Use letters, digits, dashes and underscores only.'
    case 'Regex':
      return `Enter a value of the form ${first}.`
    case 'NotRegex':
      return `Enter a value that is not of the form ${first}.`
    case 'Url':
      return 'Enter a whole address such as https://example.com.'
    case 'Ip':
    case 'Ipv4':
    case 'Ipv6':
      return 'Enter an IP address.'
    case 'Email':
      return 'Enter an e-mail address.'
    case 'EndsWith':
      return `End the value with one of: ${list}.`
    case 'StartsWith':
      return `Begin the value with one of: ${list}.`
    default:
      return `Enter a value that meets the rule ${written}.`
  }
}
