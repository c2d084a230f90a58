import type { Egg, Json } from '../model.ts'
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
  const taken = new Set(egg.variables.map(({ envVariable }) => envVariable.toUpperCase()))
  const names = new Map<string, string>()
  for (const { envVariable } of egg.variables) {
    if (!isReserved(envVariable) || names.has(envVariable)) continue
    let name = `SERVER_${envVariable.toUpperCase()}`
    for (let count = 2; taken.has(name) || isReserved(name); count++)
      name = `SERVER_${envVariable.toUpperCase()}_${count}`
    taken.add(name)
    names.set(envVariable, name)
  }
  if (names.size === 0) return egg

  const used = new Map([...names].filter(([name]) => !OF_THE_SERVER.has(name.toUpperCase())))
  const note = (pointer: string, before: string, after: string): string => {
    if (before === after) return before
    notes.change('RESERVED_NAME', pointer, `A variable has another name here: ${[...used.values()].join(', ')}.`)
    return after
  }
  const inValue = (value: Json, pointer: string): Json =>
    typeof value === 'string' ? note(pointer, value, inPlaceholders(value, used)) : value
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
      value: note(`/startupCommands/${index}/value`, value, inShell(value, used)),
    })),
    install: egg.install && {
      ...egg.install,
      script: note('/install/script', egg.install.script, inShell(egg.install.script, used)),
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

/** The name as it is written and in upper case, unless another variable is called that. */
function spellingsOf(name: string, names: ReadonlyMap<string, string>): string {
  const upper = name.toUpperCase()
  return (names.has(upper) ? [name] : [...new Set([name, upper])]).map(escaped).join('|')
}

const escaped = (name: string): string => name.replaceAll(/[^\w]/g, '\\$&')

/** `{{NAME}}`, `$NAME` and `${NAME…}`, as the egg writes the name and in upper case. */
function inShell(text: string, names: ReadonlyMap<string, string>): string {
  let result = text
  for (const [name, other] of names) {
    const either = spellingsOf(name, names)
    result = result.replace(new RegExp(`(\\{\\{|\\$\\{?[#!]?)(?:${either})(?!\\w)`, 'g'), `$1${other}`)
  }
  return result
}

function inPlaceholders(text: string, names: ReadonlyMap<string, string>): string {
  let result = text
  for (const [name, other] of names) {
    const prefix =
      '\\{\\{(?:env|server\\.env|server\\.environment|server\\.build\\.env|server\\.build\\.environment)\\.'
    const either = spellingsOf(name, names)
    result = result.replace(new RegExp(`(${prefix})(?:${either})(?=\\}\\})`, 'g'), `$1${other}`)
  }
  return result
}
