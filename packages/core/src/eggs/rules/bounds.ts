import type { CompiledRule } from './compile-rules.ts'
import { isNumeric } from './php.ts'

/** Rules that let digits through and nothing else. */
export const DIGIT_RULES: readonly string[] = ['Digits', 'DigitsBetween', 'MinDigits', 'MaxDigits']

/** Rules that only a number meets. */
export const NUMBER_RULES: readonly string[] = ['Integer', 'Numeric', 'Decimal']
const COMPARING_RULES: readonly string[] = ['Gt', 'Gte', 'Lt', 'Lte']
const SIZE_RULES: readonly string[] = ['Min', 'Max', 'Between', 'Size']

/** Only a number meets it: one of `NUMBER_RULES`, or a comparison with a number. */
export const asksForNumber = ({ name, parameters }: CompiledRule): boolean =>
  NUMBER_RULES.includes(name) || (COMPARING_RULES.includes(name) && isNumeric(parameters[0]))

/** Above this a double does not tell one number from the next. */
const MAX_DIGITS = 15

/** Both allowed. */
interface Bounds {
  readonly minimum?: number
  readonly maximum?: number
}

/**
 * The narrowest bounds that the rules set, of a number or of a length; a bound that a double cannot hold is left out.
 *
 * @param isWhole only whole numbers pass, so that more than 5 is at least 6
 */
export function boundsOf(rules: readonly CompiledRule[], isWhole: boolean, isNumber: boolean): Bounds {
  // Behind a rule that compares, a value that is a number is measured as one; before it, only where a rule says number.
  let isMeasured = isNumber === rules.some(({ name }) => NUMBER_RULES.includes(name))
  let minimum = -Infinity
  let maximum = Infinity
  const read = (rule: CompiledRule, index: number): number | undefined => {
    const parameter = rule.parameters[index]
    if (!isNumeric(parameter)) return undefined
    const number = Number(parameter)
    return Math.abs(number) <= Number.MAX_SAFE_INTEGER ? number : undefined
  }
  const atLeast = (bound: number | undefined) => (minimum = Math.max(minimum, bound ?? -Infinity))
  const atMost = (bound: number | undefined) => (maximum = Math.min(maximum, bound ?? Infinity))
  const above = (bound: number | undefined) => (bound === undefined || !isWhole ? bound : Math.floor(bound) + 1)
  const below = (bound: number | undefined) => (bound === undefined || !isWhole ? bound : Math.ceil(bound) - 1)
  const atLeastDigits = (count: number | undefined) => {
    if (isNumber) atLeast(count === undefined || count <= 1 ? 0 : count <= MAX_DIGITS ? 10 ** (count - 1) : undefined)
  }
  const atMostDigits = (count: number | undefined) => {
    if (isNumber && count !== undefined && count <= MAX_DIGITS) atMost(10 ** count - 1)
  }
  for (const rule of rules) {
    const first = read(rule, 0)
    if (COMPARING_RULES.includes(rule.name)) isMeasured = isNumber
    if (SIZE_RULES.includes(rule.name) && !isMeasured) continue
    switch (rule.name) {
      case 'Min':
        atLeast(first)
        break
      case 'Max':
        atMost(first)
        break
      // These four compare numbers only: what is none fails, however long it is.
      case 'Gte':
        if (isNumber) atLeast(first)
        break
      case 'Lte':
        if (isNumber) atMost(first)
        break
      case 'Gt':
        if (isNumber) atLeast(above(first))
        break
      case 'Lt':
        if (isNumber) atMost(below(first))
        break
      case 'Between':
        atLeast(first)
        atMost(read(rule, 1))
        break
      case 'Size':
        atLeast(first)
        atMost(first)
        break
      case 'Digits':
        atLeastDigits(first)
        atMostDigits(first)
        break
      case 'DigitsBetween':
        atLeastDigits(first)
        atMostDigits(read(rule, 1))
        break
      case 'MinDigits':
        atLeastDigits(first)
        break
      case 'MaxDigits':
        atLeastDigits(0)
        atMostDigits(first)
        break
      default:
        break
    }
  }
  const round = (bound: number, by: (value: number) => number) => (isWhole ? by(bound) : bound)
  return {
    ...(Number.isFinite(minimum) && { minimum: round(minimum, Math.ceil) }),
    ...(Number.isFinite(maximum) && { maximum: round(maximum, Math.floor) }),
  }
}
