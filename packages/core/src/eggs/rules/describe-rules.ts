import type { EggVariable } from '../model.ts'
import { compileRules, type CompiledRule } from './compile-rules.ts'
import { isNumeric } from './php.ts'

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

/** What a form shows for a variable with these rules. The rules decide; this only saves a person from mistakes. */
export function describeRules(
  rules: string | readonly string[],
  variable?: Pick<EggVariable, 'envVariable' | 'secret'>,
): VariableInput {
  const compiled = compileRules(rules).rules
  const find = (...names: readonly string[]) => compiled.find(({ name }) => names.includes(name))
  const required = find('Required', 'Accepted') !== undefined

  const listed = find('In')?.parameters.map((item) => item ?? '')
  const values = find('Boolean') ? ['0', '1'] : listed && switchOf(listed)
  if (values) return { kind: 'switch', required, values: [...values] }
  if (listed) return { kind: 'select', required, options: [...new Set(listed)] }

  const isSecret = variable !== undefined && (variable.secret ?? SECRET_NAME.test(variable.envVariable))
  const isInteger = find('Integer') !== undefined
  if (!isSecret && (isInteger || find('Numeric', 'Decimal'))) {
    const { minimum, maximum } = boundsOf(compiled, isInteger)
    return {
      kind: 'number',
      required,
      ...(isInteger && { integer: true }),
      ...(minimum !== undefined && { minimum }),
      ...(maximum !== undefined && { maximum }),
    }
  }
  const { minimum, maximum } = boundsOf(compiled, true)
  const pattern = patternOf(compiled)
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

/** The narrowest bounds; a bound that a double cannot hold is left out. */
function boundsOf(rules: readonly CompiledRule[], isWhole: boolean): { minimum?: number; maximum?: number } {
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
  const above = (bound: number | undefined, step: number) => (bound === undefined ? undefined : bound + step)
  for (const rule of rules) {
    const first = read(rule, 0)
    switch (rule.name) {
      case 'Min':
      case 'Gte':
        atLeast(first)
        break
      case 'Max':
      case 'Lte':
        atMost(first)
        break
      case 'Gt':
        atLeast(above(first, isWhole ? 1 : 0))
        break
      case 'Lt':
        atMost(above(first, isWhole ? -1 : 0))
        break
      case 'Between':
        atLeast(first)
        atMost(read(rule, 1))
        break
      case 'Size':
        atLeast(first)
        atMost(first)
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
