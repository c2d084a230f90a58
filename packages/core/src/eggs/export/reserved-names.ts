import type { Egg, Json } from '../model.ts'
import { replacePlaceholders } from '../placeholders.ts'
import type { LossList } from './egg-loss.ts'

/** Every server has these, whatever a variable of the egg says: what an egg means by them is the server's. */
const OF_THE_SERVER: ReadonlySet<string> = new Set([
  'SERVER_MEMORY',
  'SERVER_IP',
  'SERVER_PORT',
  'STARTUP',
  'TZ',
  'P_SERVER_UUID',
  'P_SERVER_ALLOCATION_LIMIT',
])

/**
 * Gives variables another name where the panel would refuse or rename theirs, and the egg's start commands, configuration
 * files and install script with it.
 */
export function withoutReservedNames(egg: Egg, isReserved: (name: string) => boolean, notes: LossList): Egg {
  const names = newNames(egg, isReserved)
  if (names.size === 0) return egg
  const spelled = spellings(names)
  const note = (pointer: string, before: string, after: string): string => {
    if (before !== after) notes.change('RESERVED_NAME', pointer, 'A variable that is used here has another name.')
    return after
  }
  const inValue = (value: Json, pointer: string): Json =>
    typeof value === 'string' ? note(pointer, value, inPlaceholders(value, spelled)) : value
  return {
    ...egg,
    variables: egg.variables.map((variable, index) => {
      const envVariable = names.get(variable.envVariable)
      if (envVariable === undefined) return variable
      const message = `${variable.envVariable} is called ${envVariable}: the panel keeps the other name for itself.`
      notes.change('RESERVED_NAME', `/variables/${index}/envVariable`, message)
      return { ...variable, envVariable }
    }),
    startupCommands: egg.startupCommands.map(({ label, value }, index) => ({
      label,
      value: note(`/startupCommands/${index}/value`, value, inShell(value, spelled)),
    })),
    install: egg.install && {
      ...egg.install,
      script: note('/install/script', egg.install.script, inShell(egg.install.script, spelled)),
    },
    config: {
      ...egg.config,
      files: egg.config.files.map((file, at) => ({
        ...file,
        replace: file.replace.map((entry, index) => ({
          ...entry,
          value: inValue(entry.value, `/config/files/${at}/replace/${index}/value`),
        })),
      })),
    },
  }
}

/** `SERVER_` before each reserved name, and a number behind it where that is taken. */
function newNames(egg: Egg, isReserved: (name: string) => boolean): Map<string, string> {
  const taken = new Set(egg.variables.map(({ envVariable }) => envVariable.toUpperCase()))
  const counts = new Map<string, number>()
  const names = new Map<string, string>()
  for (const { envVariable } of egg.variables) {
    if (!isReserved(envVariable) || names.has(envVariable)) continue
    const base = `SERVER_${envVariable.toUpperCase()}`
    let count = counts.get(base) ?? 1
    let name = count === 1 ? base : `${base}_${count}`
    while (taken.has(name) || isReserved(name)) name = `${base}_${++count}`
    counts.set(base, count)
    taken.add(name)
    names.set(envVariable, name)
  }
  return names
}

/** Each name as it is written, and in upper case, as the container has it, unless another variable is called that. */
function spellings(names: ReadonlyMap<string, string>): Map<string, string> {
  const used = [...names].filter(([name]) => !OF_THE_SERVER.has(name.toUpperCase()))
  const spelled = new Map(used.map(([name, other]) => [name.toUpperCase(), other] as const))
  for (const [name, other] of used) spelled.set(name, other)
  return spelled
}

/** `{{NAME}}`, `$NAME` and `${NAME…}`. */
const inShell = (text: string, names: ReadonlyMap<string, string>): string =>
  text.replace(/(\{\{|\$\{?[#!]?)(\w+)/g, (found, lead: string, name: string) => {
    const other = names.get(name)
    return other === undefined ? found : `${lead}${other}`
  })

const inPlaceholders = (text: string, names: ReadonlyMap<string, string>): string =>
  replacePlaceholders(text, (placeholder) => {
    const [, prefix = '', name = ''] = VARIABLE.exec(placeholder) ?? []
    const other = names.get(name)
    return other === undefined ? undefined : `{{${prefix}${other}}}`
  })

const VARIABLE = /^((?:env|server\.env|server\.environment|server\.build\.env|server\.build\.environment)\.)(.*)$/
