import { compileRules, validateValue, type Egg } from '@hatchery/core/eggs'
import { AppError } from '@hatchery/core/errors'

/**
 * The value of every variable of the egg: what was given, else what is in force, else the default; each checked by the egg's
 * rules.
 * @throws AppError `VARIABLE_INVALID` for the first one, with all of them in `issues`
 */
export function checkVariables(
  egg: Pick<Egg, 'variables'>,
  given: Readonly<Record<string, string>>,
  inForce: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const issues: { variable: string; reason: string }[] = []
  const known = new Set(egg.variables.map(({ envVariable }) => envVariable))
  for (const variable of Object.keys(given)) {
    if (!known.has(variable)) issues.push({ variable, reason: 'the egg has no such variable' })
  }

  // As entries, because an egg may name a variable `__proto__`.
  const values: Readonly<Record<string, string>> = Object.fromEntries(
    egg.variables.map(({ envVariable, defaultValue }) => [
      envVariable,
      own(given, envVariable) ?? own(inForce, envVariable) ?? defaultValue,
    ]),
  )
  for (const { envVariable, rules } of egg.variables) {
    const checked = validateValue(compileRules(rules), values[envVariable], { environment: values })
    // A broken rule is the egg's fault, and nobody could correct it here.
    if (checked.ok || checked.isRuleBroken) continue
    issues.push({ variable: envVariable, reason: checked.messages.join(' ').replace(/\.$/, '') || 'it is not allowed' })
  }
  const [first] = issues
  if (first) throw new AppError('VARIABLE_INVALID', { ...first, issues })
  return values
}

/** A value by name; names are the egg's, and may be those of every object. */
export function own(values: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined
}
