import { newBudget, type PatternBudget } from '../pattern/pattern.ts'
import { BrokenRule, CHECKS, SINCE_12, type Check, type CheckContext } from './checks.ts'
import type { CompiledRule, CompiledRules } from './compile-rules.ts'
import { messageFor } from './messages.ts'
import { isNumeric, phpTrim } from './php.ts'

export interface ValidateOptions {
  /** Whose semantics: 11 is Pterodactyl's, 13 Pelican's. @default 13 */
  readonly laravel?: 11 | 13
  /** Values of the other variables, for rules that name one as `environment.NAME`. */
  readonly environment?: Readonly<Record<string, string>>
  /** The variable's own name, for `confirmed`. */
  readonly name?: string
  /** As the panels take what a person enters: white space around it is cut off, and an empty text is null. @default false */
  readonly isForm?: boolean
  /** Steps that the patterns may take; validations that share one are bounded together. @default a million for this one */
  readonly budget?: PatternBudget
}

export interface Validation {
  readonly ok: boolean
  /** Laravel's names of the rules that failed, in order: `Required`, `Max`, … */
  readonly failed: readonly string[]
  /** One sentence for each of `failed`. */
  readonly messages: readonly string[]
  /** The rule itself is at fault (unknown, or with wrong parameters); Laravel would throw. */
  readonly isRuleBroken: boolean
}

/** These are asked even where the value is blank or missing; when one fails, the rest is not asked. */
const IMPLICIT: ReadonlySet<string> = new Set(
  ['Filled', 'Accepted', 'AcceptedIf', 'Declined', 'DeclinedIf'].concat(
    ['Missing', 'Present'].flatMap((name) => ['', 'If', 'Unless', 'With', 'WithAll'].map((end) => name + end)),
    ['', 'If', 'IfAccepted', 'IfDeclined', 'Unless', 'With', 'WithAll', 'Without', 'WithoutAll'].map(
      (end) => `Required${end}`,
    ),
  ),
)
/** Always asked; one that does not hold leaves the variable out, which is no failure. */
const EXCLUDING: ReadonlySet<string> = new Set([
  'Exclude',
  'ExcludeIf',
  'ExcludeUnless',
  'ExcludeWith',
  'ExcludeWithout',
])
/** Not asked once something has failed. */
const LATE: ReadonlySet<string> = new Set(['Exists', 'Unique'])
const NUMBERS: ReadonlySet<string> = new Set(['Numeric', 'Integer', 'Decimal'])
/** From these on, a value that is a number is compared as one. */
const COMPARING: ReadonlySet<string> = new Set(['Gt', 'Gte', 'Lt', 'Lte'])
const BY_LOWER_CASE: ReadonlyMap<string, Check> = new Map(
  [...CHECKS].map(([name, check]) => [name.toLowerCase(), check]),
)

/**
 * What Laravel's validator answers for one variable.
 *
 * @param written null is a value that is null, undefined one that is missing
 */
export function validateValue(
  compiled: CompiledRules,
  written: string | null | undefined,
  options: ValidateOptions = {},
): Validation {
  const { rules } = compiled
  const text = asText(written)
  const value = options.isForm ? fromForm(text) : text
  const laravel = options.laravel ?? 13
  const names = new Set(rules.map((rule) => rule.name))
  const isPresent = value !== undefined
  const isBlank = typeof value === 'string' && phpTrim(value) === ''
  const hasNumberRule = rules.some(({ name }) => NUMBERS.has(name))
  const dateFormat = rules.find(({ name }) => name === 'DateFormat')?.parameters[0]
  let context: CheckContext = {
    laravel,
    isNumber: hasNumberRule,
    other: (attribute) => otherOf(attribute, options.environment),
    attributes: () => attributesOf(value, options),
    attribute: options.name === undefined ? undefined : PREFIX + options.name,
    isPresent,
    dateFormat: dateFormat ?? undefined,
    budget: options.budget ?? newBudget(),
  }

  const failed: CompiledRule[] = []
  const messages: string[] = []
  const isBailing = names.has('Bail')
  for (const rule of rules) {
    const { name } = rule
    const isExcluding = EXCLUDING.has(name)
    const isAsked =
      IMPLICIT.has(name) || isExcluding || (isPresent && !isBlank && !(value === null && names.has('Nullable')))
    if (!isAsked || (!isPresent && names.has('Sometimes') && !isExcluding)) continue
    if (LATE.has(name) && failed.length > 0) continue
    if (COMPARING.has(name) && isNumeric(value)) context = { ...context, isNumber: true }
    try {
      const check = CHECKS.get(name) ?? BY_LOWER_CASE.get(name.toLowerCase())
      if (!check || (laravel === 11 && SINCE_12.has(name))) {
        throw new BrokenRule(`Remove the rule ${rule.written}: it is not known${check ? ' to Laravel 11' : ''}.`)
      }
      if (!check(value ?? null, rule, context)) {
        if (isExcluding) break
        failed.push(rule)
        messages.push(messageFor(rule, hasNumberRule || context.isNumber))
        if (isBailing || IMPLICIT.has(name)) break
      }
    } catch (error) {
      if (!(error instanceof BrokenRule)) throw error
      return { ok: false, failed: [rule.name], messages: [error.message], isRuleBroken: true }
    }
  }
  return { ok: failed.length === 0, failed: failed.map(({ name }) => name), messages, isRuleBroken: false }
}

/** Programs without types hand in numbers and booleans; the value of a variable is a text. */
function asText(given: unknown): string | null | undefined {
  if (given === null || given === undefined || typeof given === 'string') return given
  if (typeof given === 'boolean') return given ? '1' : '0'
  return typeof given === 'number' || typeof given === 'bigint' ? String(given) : JSON.stringify(given)
}

/** White space in Unicode, and three signs that nobody sees. */
const AROUND = /[\s\0\u0085\uFEFF\u200B\u200E]/

function fromForm(written: string | null | undefined): string | null | undefined {
  if (written === null || written === undefined) return written
  let from = 0
  let to = written.length
  while (from < to && AROUND.test(written.charAt(from))) from++
  while (to > from && AROUND.test(written.charAt(to - 1))) to--
  return from === to ? null : written.slice(from, to)
}

const PREFIX = 'environment.'

/** The data is `{ environment: { NAME: value } }`, so a bare name finds nothing. */
function otherOf(attribute: string, environment: Readonly<Record<string, string>> = {}): string | undefined {
  if (!attribute.startsWith(PREFIX)) return undefined
  const name = attribute.slice(PREFIX.length)
  return Object.hasOwn(environment, name) ? environment[name] : undefined
}

function attributesOf(
  value: string | null | undefined,
  { environment = {}, name }: ValidateOptions,
): (readonly [string, string | null])[] {
  const all = new Map<string, string | null>(Object.entries(environment))
  if (name !== undefined && value !== undefined) all.set(name, value)
  return Array.from(all, ([key, held]) => [PREFIX + key, held] as const)
}
