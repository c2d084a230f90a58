import type { Egg, EggVariable } from '../model.ts'
import { newBudget, type PatternBudget } from '../pattern/pattern.ts'
import { CHECKS } from '../rules/checks.ts'
import { compileRules } from '../rules/compile-rules.ts'
import { validateValue } from '../rules/validate-value.ts'
import type { FindingList } from './finding.ts'
import { PROVIDED } from './known-names.ts'
import { holdsSecret, sharesSecret } from './secrets.ts'

export function lintVariables(egg: Egg, list: FindingList): void {
  // The patterns of a hostile egg are bounded together.
  const budget = newBudget()
  const last = new Map(egg.variables.map(({ envVariable }, index) => [envVariable, index] as const))
  egg.variables.forEach((variable, index) => {
    const pointer = `/variables/${index}`
    if (last.get(variable.envVariable) !== index) {
      const problem = `The egg has ${variable.envVariable} twice; Pelican keeps the last, Calagopus the first.`
      const edit = { op: 'remove', path: pointer } as const
      list.note('warning', 'EGG_VARIABLE_DUPLICATE', `${pointer}/envVariable`, problem, 'Remove one.', edit)
    }
    lintName(variable, pointer, list)
    lintDefault(variable, pointer, budget, list)
  })
}

function lintName({ envVariable, userEditable, userViewable }: EggVariable, pointer: string, list: FindingList): void {
  const place = `${pointer}/envVariable`
  if (!/^[A-Za-z_]\w{0,190}$/.test(envVariable)) {
    const problem = `${envVariable} is no name that a shell knows.`
    list.note(
      'error',
      'EGG_VARIABLE_NAME',
      place,
      problem,
      'Use letters, digits and underscores, and begin with a letter.',
    )
  } else if (PROVIDED.has(envVariable.toUpperCase())) {
    const problem = `Panels and images set ${envVariable} themselves.`
    list.note(
      'warning',
      'EGG_VARIABLE_RESERVED',
      place,
      problem,
      `Choose another name, as in GAME_${envVariable.toUpperCase()}.`,
    )
  } else if (envVariable !== envVariable.toUpperCase()) {
    const problem = `In the container ${envVariable} is called ${envVariable.toUpperCase()}, too; the panels know only that.`
    list.note('info', 'EGG_VARIABLE_NAME', place, problem, 'Write the name in upper case, here and where it is used.')
  }
  if (userEditable && !userViewable) {
    const problem = `Users may change ${envVariable} and cannot see it.`
    list.note(
      'info',
      'EGG_VARIABLE_HIDDEN',
      `${pointer}/userViewable`,
      problem,
      'Show it, or take the right to change it away.',
    )
  }
}

function lintDefault(variable: EggVariable, pointer: string, budget: PatternBudget, list: FindingList): void {
  const { envVariable, defaultValue, rules } = variable
  rules.forEach((rule, index) => {
    if (rule.trim() !== '') return
    const edit = { op: 'remove', path: `${pointer}/rules/${index}` } as const
    const problem = `An empty rule of ${envVariable} checks nothing, and Calagopus drops the variable for it.`
    list.note('info', 'EGG_RULE_EMPTY', `${pointer}/rules/${index}`, problem, 'Remove the bar too many.', edit)
  })
  const compiled = compileRules(rules)
  const unknown = compiled.rules.filter(({ name }) => !CHECKS.has(name))
  for (const { written } of unknown) {
    const problem = `Nobody knows the rule ${written}; the panels fail on it.`
    list.note('error', 'EGG_RULE_UNKNOWN', `${pointer}/rules`, problem, 'Remove or correct it.')
  }
  const { ok, messages, failed, isRuleBroken } = validateValue(compiled, defaultValue, { budget })
  // A required variable without a default waits for the person who creates the server.
  const isForPerson = defaultValue === '' && failed[0] === 'Required'
  if (isRuleBroken && unknown.length === 0) {
    const problem = `The rules of ${envVariable} cannot be followed.`
    list.note('error', 'EGG_RULE_BROKEN', `${pointer}/rules`, problem, messages[0] ?? 'Correct them.')
  } else if (!ok && !isForPerson && !isRuleBroken) {
    const problem = `The default of ${envVariable} fails its own rules: ${messages.join(' ')}`
    list.note('warning', 'EGG_DEFAULT_INVALID', `${pointer}/defaultValue`, problem, 'Change one of the two.')
  }
  const place = `${pointer}/defaultValue`
  if (holdsSecret(defaultValue)) {
    const problem = `The default of ${envVariable} looks like a real secret, and everybody who has the egg can read it.`
    list.note('error', 'EGG_SECRET', place, problem, 'Revoke it, and leave the default empty.', {
      op: 'replace',
      path: place,
      value: '',
    })
  } else if (sharesSecret(variable)) {
    const problem = `Every server gets the same ${envVariable} until somebody changes it.`
    list.note(
      'warning',
      'EGG_SECRET_DEFAULT',
      place,
      problem,
      'Leave the default empty and let each server have its own.',
    )
  }
}
