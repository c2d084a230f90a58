import type { Egg } from './model.ts'
import { currentStructure, legacyStructure, lookupIn, panelEnvironment } from './placeholders.ts'
import type { EggServer } from './server.ts'

/**
 * Every name that Pterodactyl, Pelican or Calagopus knows, with the same value under each. `config.…` is left for the
 * agent; an unknown name of the server is an empty text, any other placeholder stays as it is.
 */
export function hatcheryLookup(egg: Egg, server: EggServer): (name: string) => string | undefined {
  const written = panelEnvironment(egg, server)
  const environment: Record<string, string> = {
    ...Object.fromEntries(Object.entries(written).map(([name, value]) => [name.toUpperCase(), value])),
    ...written,
    TZ: server.timezone,
    SERVER_MEMORY: String(server.memoryMiB),
    SERVER_IP: server.allocation?.ip ?? '',
    SERVER_PORT: server.allocation === null ? '' : String(server.allocation.port),
  }
  const current = lookupIn(currentStructure(server, environment))
  const legacy = lookupIn(legacyStructure(server, environment))
  const variable = (name: string) => lookupIn(environment)(name) || lookupIn(environment)(name.toUpperCase())

  return (name) => {
    const prefix = VARIABLE_PREFIXES.find((known) => name.startsWith(known))
    if (prefix !== undefined) return variable(name.slice(prefix.length))
    if (!name.startsWith('server.')) return undefined
    const path = name.slice('server.'.length)
    return current(path) || legacy(path)
  }
}

const VARIABLE_PREFIXES = [
  'env.',
  'server.env.',
  'server.environment.',
  'server.build.env.',
  'server.build.environment.',
] as const
