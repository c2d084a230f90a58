import { compileRules } from '../rules/compile-rules.ts'
import type { EggVariable } from '../model.ts'
import type { LossList } from './egg-loss.ts'

/** The rules that Calagopus knows; it leaves a variable with any other out without a word. */
const KNOWN: ReadonlySet<string> = new Set(
  [
    ['accepted', 'accepted_if', 'alpha', 'alpha_dash', 'alpha_num', 'ascii', 'between', 'boolean', 'confirmed', 'date'],
    ['date_format', 'declined', 'declined_if', 'different', 'digits', 'digits_between', 'doesnt_end_with'],
    [
      'doesnt_start_with',
      'ends_with',
      'gt',
      'gte',
      'hex_color',
      'in',
      'integer',
      'ip',
      'ipv4',
      'ipv6',
      'json',
      'lowercase',
    ],
    [
      'lt',
      'lte',
      'mac_address',
      'max',
      'max_digits',
      'min',
      'min_digits',
      'multiple_of',
      'not_in',
      'not_regex',
      'nullable',
    ],
    ['numeric', 'regex', 'required', 'required_if', 'required_if_accepted', 'required_if_declined', 'same', 'size'],
    ['starts_with', 'string', 'timezone', 'uppercase', 'url', 'uuid'],
  ].flat(),
)

const snakeCase = (name: string): string =>
  name.replaceAll(/(?<=[a-z0-9])[A-Z]/g, (letter) => `_${letter}`).toLowerCase()

/** Spellings that Laravel accepts become those of Calagopus; a rule that it does not know is left out. */
export function calagopusRules(variable: EggVariable, pointer: string, notes: LossList): string[] {
  return variable.rules.flatMap((written, index) => {
    const here = `${pointer}/rules/${index}`
    if (written === '') {
      notes.change('RULE', here, 'An empty rule is left out; it checks nothing.')
      return []
    }
    const [rule] = compileRules([written]).rules
    const name = rule === undefined ? '' : snakeCase(rule.name)
    if (!KNOWN.has(name)) {
      notes.lose('RULE', here, `${variable.envVariable} loses the rule ${written}, which Calagopus does not know.`)
      return []
    }
    const at = written.indexOf(':')
    // Laravel passes over parameters that a rule has no use for; Calagopus refuses them.
    const parameters = at < 0 || PLAIN.has(name) ? '' : written.slice(at)
    const result = `${name}${parameters}`
    if (result !== written) notes.change('RULE', here, `The rule ${written} is written ${result}.`)
    return [result]
  })
}

const PLAIN: ReadonlySet<string> = new Set([
  'accepted',
  'boolean',
  'confirmed',
  'declined',
  'integer',
  'json',
  'lowercase',
  'nullable',
  'numeric',
  'required',
  'string',
  'uppercase',
])
