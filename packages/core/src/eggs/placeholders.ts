import type { Egg } from './model.ts'
import { variableValues, type EggServer } from './server.ts'

/** A structure that dotted names are looked up in. */
export type Lookup = (path: string) => string

const PLACEHOLDER = /\{\{([\w.-]*)\}\}/g

/** Replaces `{{name}}` once: what a value brings in is never looked at again. Undefined leaves the placeholder as it is. */
export const replacePlaceholders = (text: string, resolve: (name: string) => string | undefined): string =>
  text.replace(PLACEHOLDER, (placeholder, name: string) => resolve(name) ?? placeholder)

type Structure = { readonly [key: string]: string | number | boolean | null | Structure }

/** As PHP prints it; what is missing or no scalar is an empty text. */
export function lookupIn(structure: Structure): Lookup {
  return (path) => {
    let at: Structure[string] | undefined = structure
    const keys = path.split('.')
    while (keys.length > 0) {
      if (typeof at !== 'object' || at === null) return ''
      const rest = keys.join('.')
      if (Object.hasOwn(at, rest)) {
        at = at[rest]
        break
      }
      const key = keys.shift() ?? ''
      at = Object.hasOwn(at, key) ? at[key] : undefined
    }
    if (at === true) return '1'
    return typeof at === 'string' || typeof at === 'number' ? String(at) : ''
  }
}

/** The values of the variables, and what the panels add to them. */
export function panelEnvironment(egg: Egg, server: EggServer): Record<string, string> {
  return Object.fromEntries([
    ...variableValues(egg, server),
    ['STARTUP', egg.startupCommands[0]?.value ?? ''],
    ['P_SERVER_UUID', server.uuid],
    ['P_SERVER_LOCATION', server.location],
    ['P_SERVER_ALLOCATION_LIMIT', String(server.allocationLimit)],
  ])
}

/** The names of Pterodactyl's first daemon, which eggs still use. */
export const legacyStructure = (server: EggServer, environment: Record<string, string>): Structure => ({
  uuid: server.uuid,
  build: {
    default: { ip: server.allocation?.ip ?? '', port: server.allocation?.port ?? '' },
    env: environment,
    oom_disabled: !server.isOomKillerEnabled,
    memory: server.memoryMiB,
    swap: server.swapMiB,
    io: server.ioWeight,
    cpu: server.cpuPercent,
    threads: server.threads,
    disk: server.diskMiB,
    image: server.image,
  },
})

/** The names of today's daemons. */
export const currentStructure = (server: EggServer, environment: Record<string, string>): Structure => ({
  uuid: server.uuid,
  meta: { name: server.name },
  environment,
  invocation: environment['STARTUP'] ?? '',
  build: {
    memory_limit: server.memoryMiB,
    swap: server.swapMiB,
    io_weight: server.ioWeight,
    cpu_limit: server.cpuPercent,
    threads: server.threads,
    disk_space: server.diskMiB,
    oom_killer: server.isOomKillerEnabled,
  },
  container: { image: server.image },
  allocations: { default: { ip: server.allocation?.ip ?? '', port: server.allocation?.port ?? '' } },
})
