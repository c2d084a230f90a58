import { parameterOf, type Check, type CheckContext } from './check.ts'
import type { CompiledRule } from './compile-rules.ts'
import { looselyEqual, phpTrim } from './php.ts'

export const isFilled = (value: string | null | undefined): boolean =>
  value !== null && value !== undefined && phpTrim(value) !== ''

const YES = ['yes', 'on', '1', 'true']
const NO = ['no', 'off', '0', 'false']

export const required: Check = (value) => isFilled(value)
export const prohibited: Check = (value) => !isFilled(value)
export const present: Check = (_value, _rule, { isPresent }) => isPresent
export const missing: Check = (_value, _rule, { isPresent }) => !isPresent
export const accepted: Check = (value) => value !== null && YES.includes(value)
export const declined: Check = (value) => value !== null && NO.includes(value)

/** When a condition on other variables asks for the check. */
export type Condition = (rule: CompiledRule, context: CheckContext) => boolean

/** The variable of the first parameter holds one of the others; `null` stands for one that is not there. */
export const otherHolds: Condition = (rule, { other }) => {
  parameterOf(rule, 1)
  const found = other(parameterOf(rule, 0)) ?? null
  const values = rule.parameters.slice(1)
  if (found === null) return values.some((item) => item?.toLowerCase() === 'null')
  return values.some((item) => looselyEqual(found, item ?? ''))
}

export const otherLacks: Condition = (rule, context) => !otherHolds(rule, context)

/** As `otherHolds`, but a variable that is not there never asks. */
export const presentOtherHolds: Condition = (rule, context) => {
  parameterOf(rule, 1)
  return context.other(parameterOf(rule, 0)) !== undefined && otherHolds(rule, context)
}

/** The variable of the first parameter is one of `yes`, `on`, `1`, `true`. */
export const otherAccepted: Condition = (rule, { other }) => YES.includes(other(parameterOf(rule, 0)) ?? '')
export const otherDeclined: Condition = (rule, { other }) => NO.includes(other(parameterOf(rule, 0)) ?? '')

const fill = (rule: CompiledRule, { other }: CheckContext) => rule.parameters.map((name) => isFilled(other(name ?? '')))

export const anyFilled: Condition = (rule, context) => fill(rule, context).some(Boolean)
export const allFilled: Condition = (rule, context) => fill(rule, context).every(Boolean)
export const anyBlank: Condition = (rule, context) => !allFilled(rule, context)
export const allBlank: Condition = (rule, context) => !anyFilled(rule, context)

const has = (rule: CompiledRule, { other }: CheckContext) => {
  parameterOf(rule, 0)
  return rule.parameters.map((name) => other(name ?? '') !== undefined)
}

export const anyPresent: Condition = (rule, context) => has(rule, context).some(Boolean)
export const allPresent: Condition = (rule, context) => has(rule, context).every(Boolean)
export const firstPresent: Condition = (rule, { other }) => other(parameterOf(rule, 0)) !== undefined

/** The check where the condition holds; where it does not, every value passes. */
export const when =
  (condition: Condition, check: Check): Check =>
  (value, rule, context) =>
    !condition(rule, context) || check(value, rule, context)

/** The variable is left out where the condition holds: nothing after it is asked. */
export const excludedWhen =
  (condition: Condition): Check =>
  (_value, rule, context) =>
    !condition(rule, context)

/** Where the value is filled, none of the others may be. */
export const prohibits: Check = (value, rule, context) => !isFilled(value) || !anyFilled(rule, context)
