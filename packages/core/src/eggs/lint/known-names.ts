import type { Egg } from '../model.ts'
import { PELICAN_RESERVED } from '../pelican-import.ts'

/** Every server has these in its environment, whatever the egg names. */
export const PROVIDED: ReadonlySet<string> = new Set([
  'SERVER_MEMORY',
  'SERVER_IP',
  'SERVER_PORT',
  'STARTUP',
  'TZ',
  'P_SERVER_LOCATION',
  ...PELICAN_RESERVED,
])

const SERVER_NAMES: ReadonlySet<string> = new Set([
  'server.uuid',
  'server.invocation',
  'server.meta.name',
  'server.container.image',
  'server.allocations.default.ip',
  'server.allocations.default.port',
  'server.build.default.ip',
  'server.build.default.port',
  ...['memory', 'memory_limit', 'swap', 'io', 'io_weight', 'cpu', 'cpu_limit', 'threads', 'disk', 'disk_space'].map(
    (name) => `server.build.${name}`,
  ),
  'server.build.image',
  'server.build.oom_disabled',
  'server.build.oom_killer',
])
const VARIABLE = /^(?:env|server\.env|server\.environment|server\.build\.env|server\.build\.environment)\.(.*)$/

/** Whether a name means something on a server of this egg, in any case. */
export function namesOf(egg: Egg): (name: string) => boolean {
  const own = new Set(egg.variables.map(({ envVariable }) => envVariable.toUpperCase()))
  return (name) => own.has(name.toUpperCase()) || PROVIDED.has(name.toUpperCase())
}

/** What a placeholder of a configuration file refers to: a variable that nothing sets, or nothing at all. */
export function unknownIn(placeholder: string, isName: (name: string) => boolean): 'variable' | 'name' | null {
  const variable = VARIABLE.exec(placeholder)?.[1]
  if (variable !== undefined) return isName(variable) ? null : 'variable'
  return placeholder.startsWith('server.') && !SERVER_NAMES.has(placeholder) ? 'name' : null
}
