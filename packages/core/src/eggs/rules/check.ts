import type { PatternBudget } from '../pattern/pattern.ts'
import type { CompiledRule } from './compile-rules.ts'
import { isNumeric } from './php.ts'

/** Laravel would answer with an exception: the rule itself is at fault, not the value. */
export class BrokenRule extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'BrokenRule'
  }
}

export interface CheckContext {
  readonly laravel: 11 | 13
  /** A rule that makes the value a number stands in the list, or compared it as one already. */
  readonly isNumber: boolean
  /** Value of another attribute, as `environment.NAME`; null where it is null, undefined where there is none. */
  readonly other: (attribute: string) => string | null | undefined
  /** Every attribute with its value. */
  readonly attributes: () => Iterable<readonly [string, string | null]>
  /** Its own name, as `environment.NAME`, where the caller said it. */
  readonly attribute: string | undefined
  readonly isPresent: boolean
  /** The formats of a rule `date_format` beside this one. */
  readonly dateFormat: string | undefined
  /** For the patterns of all rules of the value. */
  readonly budget: PatternBudget
}

/** True where the value meets the rule; throws a `BrokenRule` where Laravel would throw. */
export type Check = (value: string | null, rule: CompiledRule, context: CheckContext) => boolean

export function parameterOf({ name, parameters }: CompiledRule, index: number): string {
  if (parameters.length <= index) {
    throw new BrokenRule(`Give the rule ${name} ${index + 1} ${index === 0 ? 'parameter' : 'parameters'}.`)
  }
  return parameters[index] ?? ''
}

/** A check that null never meets. */
export const text =
  (test: (value: string) => boolean): Check =>
  (value) =>
    value !== null && test(value)

export const not =
  (check: Check): Check =>
  (value, rule, context) =>
    !check(value, rule, context)

/** `<=>` of a whole number and a parameter: as numbers where it is one, otherwise as texts. */
export function compareWhole(left: number, parameter: string | null): number {
  if (parameter === null) return left === 0 ? 0 : 1
  const isNumber: boolean = isNumeric(parameter)
  if (isNumber) return left - Number(parameter)
  const written = String(left)
  return written === parameter ? 0 : written < parameter ? -1 : 1
}
