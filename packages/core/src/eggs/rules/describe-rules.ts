import { newBudget } from '../pattern/pattern.ts'
import type { EggVariable } from '../model.ts'
import { compileRules, type CompiledRule } from './compile-rules.ts'
import { DIGIT_RULES, asksForNumber, boundsOf } from './bounds.ts'
import { validateValue } from './validate-value.ts'

/** What a form shows for a variable. */
export interface VariableInput {
  readonly kind: 'text' | 'number' | 'switch' | 'select' | 'secret'
  /** An empty value does not pass. */
  readonly required: boolean
  /** What a select offers, in order. */
  readonly options?: string[]
  /** Smallest and largest number, both allowed. */
  readonly minimum?: number
  readonly maximum?: number
  /** Whole numbers only. */
  readonly integer?: boolean
  /** Characters of a text, both allowed. */
  readonly minLength?: number
  readonly maxLength?: number
  /** For the whole text, as an HTML `pattern`. */
  readonly pattern?: string
  /** The two values that a switch writes, off first. */
  readonly values?: string[]
}

const SWITCHES: readonly (readonly [string, string])[] = [
  ['0', '1'],
  ['false', 'true'],
  ['no', 'yes'],
  ['off', 'on'],
  ['disabled', 'enabled'],
]
const SECRET_NAME =
  /(?:^|_)(?:PASS|PW|GSLT?|RCON_?PW)(?:_|$)|PASS(?:WORD|WD|PHRASE)|TOKEN|SECRET|API_?KEY|PRIVATE_?KEY/i

const MAX_LISTED = 1000

/**
 * What a form shows for a variable with these rules. The rules decide; this only saves a person from mistakes: each option,
 * both values of a switch and both bounds of a number pass `validateValue`. A number that must be more or less than its
 * bound, without being whole, is the one exception.
 */
export function describeRules(
  rules: string | readonly string[],
  variable?: Pick<EggVariable, 'envVariable' | 'secret'>,
): VariableInput {
  const compiled = compileRules(rules)
  const find = (...names: readonly string[]) => compiled.rules.find(({ name }) => names.includes(name))
  const budget = newBudget()
  const passes = (value: string) => validateValue(compiled, value, { budget }).ok
  const required = find('Required', 'Filled', 'Accepted', 'Declined') !== undefined

  const listed = find('In')?.parameters.map((item) => item ?? '')
  const values = find('Boolean') ? (['0', '1'] as const) : listed && switchOf(listed)
  if (values?.every(passes)) return { kind: 'switch', required, values: [...values] }
  // A longer list is for no person to choose from, and takes its time to check.
  const isShort = compiled.rules.length <= MAX_LISTED && (listed?.length ?? 0) <= MAX_LISTED
  const options = isShort ? [...new Set(listed)].filter(passes) : []
  if (options.length > 0) return { kind: 'select', required, options }

  const isSecret = variable !== undefined && (variable.secret ?? SECRET_NAME.test(variable.envVariable))
  if (!isSecret && compiled.rules.some(asksForNumber)) {
    const isInteger = find('Integer', ...DIGIT_RULES) !== undefined
    const { minimum, maximum } = boundsOf(compiled.rules, isInteger, true)
    const isOpen = !isInteger && find('Gt', 'Lt') !== undefined
    const holds = (bound: number | undefined) => bound !== undefined && (isOpen || passes(String(bound)))
    return {
      kind: 'number',
      required,
      ...(isInteger && { integer: true }),
      ...(holds(minimum) && { minimum }),
      ...(holds(maximum) && { maximum }),
    }
  }
  const { minimum, maximum } = boundsOf(compiled.rules, true, false)
  const pattern = patternOf(compiled.rules)
  return {
    kind: isSecret ? 'secret' : 'text',
    required,
    ...(minimum !== undefined && minimum > 0 && { minLength: minimum }),
    ...(maximum !== undefined && maximum >= 0 && { maxLength: maximum }),
    ...(pattern !== undefined && { pattern }),
  }
}

/** The two values, off first, where they are opposites; as the egg writes them. */
function switchOf(options: readonly string[]): readonly [string, string] | undefined {
  const [first, second] = options
  if (options.length !== 2 || first === undefined || second === undefined) return undefined
  for (const [off, on] of SWITCHES) {
    if (first.toLowerCase() === off && second.toLowerCase() === on) return [first, second]
    if (first.toLowerCase() === on && second.toLowerCase() === off) return [second, first]
  }
  return undefined
}

const SPELLED: Readonly<Record<string, string>> = {
  Alpha: '^[\\p{L}\\p{M}]+$',
  AlphaNum: '^[\\p{L}\\p{M}\\p{N}]+$',
  AlphaDash: '^[\\p{L}\\p{M}\\p{N}_\\-]+$',
}

/** A pattern for the `pattern` attribute: it means the same whether searched for or matched as a whole. */
function patternOf(rules: readonly CompiledRule[]): string | undefined {
  for (const { name, parameters, pattern } of rules) {
    if (Object.hasOwn(SPELLED, name)) return SPELLED[name]
    const [first, second = first] = parameters
    if (name === 'Digits' || name === 'DigitsBetween') {
      if (/^\d+$/.test(first ?? '') && /^\d+$/.test(second ?? '')) return `^[0-9]{${first},${second}}$`
    }
    if (name !== 'Regex' || !pattern || Object.values(pattern.flags).some(Boolean)) continue
    const isWhole = /^\^[^|]*[^\\|]\$$/.test(pattern.source)
    const source = isWhole ? pattern.source : `[\\s\\S]*(?:${pattern.source})[\\s\\S]*`
    if (isForBrowsers(source)) return source
  }
  return undefined
}

function isForBrowsers(source: string): boolean {
  try {
    return new RegExp(source, 'v').unicodeSets
  } catch {
    // PCRE knows more than RegExp; then the form has no pattern and the panel decides alone.
    return false
  }
}
