import type { Egg, EggVariable, Json } from '../model.ts'
import { compileRules } from '../rules/compile-rules.ts'
import { validateValue } from '../rules/validate-value.ts'
import { ChangeList, brief } from './change-list.ts'
import type { EggChange, EggEffect } from './egg-change.ts'
import { isReordered, pairUp, type Pair } from './pair-up.ts'

export function diffVariables(before: Egg, after: Egg): EggChange[] {
  const list = new ChangeList('variables')
  const pairs = pairUp(before.variables, after.variables, ({ envVariable }) => envVariable)
  const renamed = renamedOf(pairs)
  const sources = new Set([...renamed.values()].map(({ before: old }) => old))
  for (const pair of pairs) {
    const { before: old, after: now, beforeIndex, afterIndex } = pair
    const pointer = `/variables/${now ? afterIndex : beforeIndex}`
    if (old && now) {
      diffVariable(list, old, now, pointer)
    } else if (now) {
      const from = renamed.get(pair)?.before
      if (from) {
        const message = `${from.envVariable} is now called ${now.envVariable}; carry the values of the servers over.`
        const named = { kind: 'renamed', pointer: `${pointer}/envVariable`, subject: now.envVariable } as const
        const values = { before: from.envVariable, after: now.envVariable }
        list.add({ ...named, ...values, effect: 'values-unused', message })
        diffVariable(list, from, now, pointer)
      } else {
        addNew(list, now, pointer)
      }
    } else if (old && !sources.has(old)) {
      const message = `${old.envVariable} is gone; the values that servers have for it are no longer read.`
      const gone = { kind: 'removed', pointer, subject: old.envVariable, before: shown(old) } as const
      list.add({ ...gone, effect: 'values-unused', message })
    }
  }
  if (isReordered(pairs)) {
    const names = (egg: Egg) => egg.variables.map(({ envVariable }) => envVariable)
    const moved = { kind: 'moved', pointer: '/variables', before: names(before), after: names(after) } as const
    list.add({ ...moved, effect: 'none', message: 'The variables are shown in another order.' })
  }
  return list.changes
}

/** What a person compares. */
const shown = (variable: EggVariable): Json => ({
  name: variable.name,
  description: variable.description,
  envVariable: variable.envVariable,
  defaultValue: variable.defaultValue,
  userViewable: variable.userViewable,
  userEditable: variable.userEditable,
  rules: variable.rules,
})

/** One variable gone and one new with the same title, default and rules. */
function renamedOf(pairs: readonly Pair<EggVariable>[]): Map<Pair<EggVariable>, Pair<EggVariable>> {
  const keyOf = ({ name, defaultValue, rules }: EggVariable) => JSON.stringify([name, defaultValue, rules])
  const gone = Map.groupBy(
    pairs.filter(({ before, after }) => before && !after),
    ({ before }) => (before ? keyOf(before) : ''),
  )
  const renamed = new Map<Pair<EggVariable>, Pair<EggVariable>>()
  for (const pair of pairs) {
    if (pair.before || !pair.after) continue
    const from = gone.get(keyOf(pair.after))?.shift()
    if (from) renamed.set(pair, from)
  }
  return renamed
}

/** Whether the default alone lets a server start. */
const passes = ({ rules, defaultValue }: EggVariable): boolean => validateValue(compileRules(rules), defaultValue).ok

function addNew(list: ChangeList, variable: EggVariable, pointer: string): void {
  const { envVariable, defaultValue } = variable
  const isNeeded = !passes(variable)
  const message = isNeeded
    ? `${envVariable} is new and its default does not pass its rules; each server needs a value.`
    : `${envVariable} is new; servers have ${defaultValue === '' ? 'an empty value' : brief(defaultValue)} until somebody changes it.`
  const effect = isNeeded ? 'value-needed' : 'next-start'
  list.add({ kind: 'added', pointer, subject: envVariable, after: shown(variable), effect, message })
}

function diffVariable(list: ChangeList, before: EggVariable, after: EggVariable, pointer: string): void {
  const subject = after.envVariable
  const at = (key: string) => ({ pointer: `${pointer}/${key}`, subject })
  const compare = (key: keyof EggVariable, effect: EggEffect, message: string) =>
    list.compare(at(key), before[key], after[key], effect, message)

  compare('name', 'none', `The title of ${subject} is now “${after.name}”.`)
  compare('description', 'none', `The description of ${subject} changed.`)
  const value = after.defaultValue === '' ? 'an empty value' : brief(after.defaultValue)
  compare('defaultValue', 'next-start', `Servers without a value of their own for ${subject} get ${value}.`)
  const [effect, message] = rulesEffect(before, after)
  compare('rules', effect, message)
  compare('userViewable', 'at-once', `Users can ${after.userViewable ? 'now' : 'no longer'} see ${subject}.`)
  compare('userEditable', 'at-once', `Users can ${after.userEditable ? 'now' : 'no longer'} change ${subject}.`)
  list.compare(
    at('secret'),
    before.secret ?? false,
    after.secret ?? false,
    'at-once',
    `${subject} is ${after.secret ? 'now' : 'no longer'} kept secret.`,
  )
  compare('sort', 'none', `${subject} is shown in another place.`)
  compare('nameTranslations', 'none', `The translated titles of ${subject} changed.`)
  compare('descriptionTranslations', 'none', `The translated descriptions of ${subject} changed.`)
  compare('unknown', 'none', `Other keys of ${subject} changed.`)
}

/** Rules that only lost a check cannot refuse what passed; for any other change a value decides. */
function rulesEffect(before: EggVariable, after: EggVariable): readonly [EggEffect, string] {
  const subject = after.envVariable
  if (!passes(after) && passes({ ...after, rules: before.rules })) {
    return ['value-needed', `${subject} now needs a value: the default does not pass the new rules.`]
  }
  const old = compileRules(before.rules).rules
  const left = new Set(old.map(({ written }) => written))
  const kept = new Set(compileRules(after.rules).rules.map(({ written }) => written))
  const isLooser = [...kept].every((rule) => left.has(rule))
  return isLooser && old.every(({ name, written }) => kept.has(written) || !NEEDED.has(name))
    ? ['none', `The rules of ${subject} accept all that they accepted before.`]
    : ['values-may-fail', `The rules of ${subject} changed; a value that a server has may no longer pass.`]
}

/** Without these, other rules refuse more, or compare in another way. */
const NEEDED: ReadonlySet<string> = new Set(['Nullable', 'Sometimes', 'Bail', 'Numeric', 'Integer', 'Decimal'])
