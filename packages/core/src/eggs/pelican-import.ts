import type { Egg, EggVariable, Json } from './model.ts'

/** What Pelican's importer replaces in `config.files`, as plain text and in this order. */
const RENAMED: readonly (readonly [string, string])[] = [
  ['server.build.env.SERVER_IP', 'server.allocations.default.ip'],
  ['server.build.default.ip', 'server.allocations.default.ip'],
  ['server.build.env.SERVER_PORT', 'server.allocations.default.port'],
  ['server.build.default.port', 'server.allocations.default.port'],
  ['server.build.env.SERVER_MEMORY', 'server.build.memory_limit'],
  ['server.build.memory', 'server.build.memory_limit'],
  ['server.build.env.', 'server.environment.'],
  ['server.build.environment.', 'server.environment.'],
]

export const PELICAN_RESERVED: ReadonlySet<string> = new Set([
  'P_SERVER_UUID',
  'P_SERVER_ALLOCATION_LIMIT',
  'SERVER_MEMORY',
  'SERVER_IP',
  'SERVER_PORT',
  'ENV',
  'HOME',
  'USER',
  'STARTUP',
  'MODIFIED_STARTUP',
  'SERVER_UUID',
  'UUID',
  'INTERNAL_IP',
  'HOSTNAME',
  'TERM',
  'LANG',
  'PWD',
  'TZ',
  'TIMEZONE',
])

const renamed = (text: string): string => RENAMED.reduce((result, [from, to]) => result.replaceAll(from, to), text)

const renamedValue = (value: Json): Json => (typeof value === 'string' ? renamed(value) : value)

/** The egg as Pelican stores it after an import: placeholders and reserved variable names changed. */
export function asPelicanImports(egg: Egg): Egg {
  const files = egg.config.files.map((file) => ({
    ...file,
    path: renamed(file.path),
    replace: file.replace.map((entry) => ({
      ...entry,
      match: renamed(entry.match),
      ifValue: entry.ifValue === null ? null : renamed(entry.ifValue),
      value: renamedValue(entry.value),
    })),
  }))
  const upgraded = { ...egg, config: { ...egg.config, files } }
  return egg.variables.some(isReserved) ? withoutReservedNames(upgraded) : upgraded
}

const isReserved = ({ envVariable }: EggVariable): boolean => PELICAN_RESERVED.has(envVariable.toUpperCase())

/** All names become upper case; reserved ones get a prefix and move to the end. */
function withoutReservedNames(egg: Egg): Egg {
  const kept = egg.variables.filter((variable) => !isReserved(variable))
  const moved = egg.variables.filter(isReserved)
  const upper = (variable: EggVariable) => ({ ...variable, envVariable: variable.envVariable.toUpperCase() })
  const prefixed = (variable: EggVariable) => ({
    ...variable,
    envVariable: `SERVER_${variable.envVariable.toUpperCase()}`,
  })
  const names = [...new Set(moved.map(({ envVariable }) => envVariable.toUpperCase()))].map(
    (name) => [name, new RegExp(`\\b${name}\\b`, 'g')] as const,
  )
  const startupCommands = egg.startupCommands.map(({ label, value }) => ({
    label,
    value: names.reduce((text, [name, pattern]) => text.replace(pattern, `SERVER_${name}`), value),
  }))
  return { ...egg, startupCommands, variables: [...kept.map(upper), ...moved.map(prefixed)] }
}
