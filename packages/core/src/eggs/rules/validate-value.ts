import { BrokenRule, CHECKS, type Check, type CheckContext } from './checks.ts'
import type { CompiledRule, CompiledRules } from './compile-rules.ts'
import { messageFor } from './messages.ts'
import { isNumeric, phpTrim } from './php.ts'

export interface ValidateOptions {
  /** Whose semantics: 11 is Pterodactyl's, 13 Pelican's. @default 13 */
  readonly laravel?: 11 | 13
  /** Values of the other variables, for rules that name one as `environment.NAME`. */
  readonly environment?: Readonly<Record<string, string>>
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
const IMPLICIT: ReadonlySet<string> = new Set([
  'Accepted',
  'AcceptedIf',
  'Declined',
  'DeclinedIf',
  'Filled',
  'Missing',
  'Present',
  'Required',
  'RequiredIf',
  'RequiredUnless',
  'RequiredWith',
  'RequiredWithAll',
  'RequiredWithout',
  'RequiredWithoutAll',
])
const NUMBERS: ReadonlySet<string> = new Set(['Numeric', 'Integer', 'Decimal'])
const BY_LOWER_CASE: ReadonlyMap<string, Check> = new Map(
  [...CHECKS].map(([name, check]) => [name.toLowerCase(), check]),
)

/**
 * What Laravel's validator answers for one variable.
 *
 * @param value null is a value that is null, undefined one that is missing
 */
export function validateValue(
  compiled: CompiledRules,
  value: string | null | undefined,
  options: ValidateOptions = {},
): Validation {
  const { rules } = compiled
  const names = new Set(rules.map((rule) => rule.name))
  const isPresent = value !== undefined
  const isBlank = typeof value === 'string' && phpTrim(value) === ''
  const context: CheckContext = {
    laravel: options.laravel ?? 13,
    isNumber: rules.some(({ name }) => NUMBERS.has(name)),
    other: (attribute) => otherOf(attribute, options.environment),
    isPresent,
  }

  const failed: CompiledRule[] = []
  const messages: string[] = []
  const failedImplicit = () => failed.some(({ name }) => IMPLICIT.has(name))
  for (const rule of rules) {
    const isImplicit = IMPLICIT.has(rule.name)
    const isAsked = isImplicit || (isPresent && !isBlank && !(value === null && names.has('Nullable')))
    if (!isAsked || (!isPresent && names.has('Sometimes'))) continue
    try {
      const check = CHECKS.get(rule.name) ?? BY_LOWER_CASE.get(rule.name.toLowerCase())
      if (!check) throw new BrokenRule(`Remove the rule ${rule.written}: it is not known.`)
      if (!check(value ?? null, rule, context)) {
        failed.push(rule)
        messages.push(messageFor(rule, context.isNumber && isNumeric(value ?? null)))
      }
    } catch (error) {
      if (!(error instanceof BrokenRule)) throw error
      return { ok: false, failed: [rule.name], messages: [error.message], isRuleBroken: true }
    }
    if (failed.length > 0 && (names.has('Bail') || failedImplicit())) break
  }
  return { ok: failed.length === 0, failed: failed.map(({ name }) => name), messages, isRuleBroken: false }
}

/** The data is `{ environment: { NAME: value } }`, so a bare name finds nothing. */
function otherOf(attribute: string, environment: Readonly<Record<string, string>> = {}): string | null {
  if (!attribute.startsWith('environment.')) return null
  const name = attribute.slice('environment.'.length)
  return Object.hasOwn(environment, name) ? (environment[name] ?? null) : null
}
