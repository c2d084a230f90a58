import { replacePlaceholders } from '../placeholders.ts'

/** The same values under the names of Pterodactyl's first daemon and of today's Pelican. */
const BOTH: readonly (readonly [legacy: string, pelican: string])[] = [
  ['server.build.default.ip', 'server.allocations.default.ip'],
  ['server.build.default.port', 'server.allocations.default.port'],
  ['server.build.memory', 'server.build.memory_limit'],
  ['server.build.io', 'server.build.io_weight'],
  ['server.build.cpu', 'server.build.cpu_limit'],
  ['server.build.disk', 'server.build.disk_space'],
  ['server.build.image', 'server.container.image'],
]
const TO_PELICAN: ReadonlyMap<string, string> = new Map([
  ...BOTH,
  // As a variable each of these is empty on Pelican and a left-over on Pterodactyl.
  ...['env.', 'server.env.', 'server.build.env.', 'server.build.environment.', 'server.environment.'].flatMap(
    (prefix): [string, string][] => [
      [`${prefix}SERVER_IP`, 'server.allocations.default.ip'],
      [`${prefix}SERVER_PORT`, 'server.allocations.default.port'],
      [`${prefix}SERVER_MEMORY`, 'server.build.memory_limit'],
    ],
  ),
])
const TO_LEGACY: ReadonlyMap<string, string> = new Map([
  ...BOTH.map(([legacy, pelican]): [string, string] => [pelican, legacy]),
  ['server.environment.SERVER_IP', 'server.build.default.ip'],
  ['server.environment.SERVER_PORT', 'server.build.default.port'],
  ['server.environment.SERVER_MEMORY', 'server.build.memory'],
])
const LEGACY_VARIABLE = /^server\.(?:build\.env|build\.environment|env)\./
const PELICAN_VARIABLE = /^server\.(?:environment|build\.environment|env)\./
/** Of the server, and with no name on the other side. */
const ONLY_LEGACY = /^server\.(?:service\..*|build\.oom_disabled)$/
const ONLY_PELICAN = /^server\.(?:meta\..*|invocation|build\.oom_killer)$/

export interface Renamed {
  readonly text: string
  /** Placeholders that the other panel has no name for. */
  readonly unknown: readonly string[]
}

function rename(text: string, nameOf: (name: string) => string, isUnknown: RegExp): Renamed {
  const unknown: string[] = []
  const renamed = replacePlaceholders(text, (name) => {
    if (isUnknown.test(name)) unknown.push(name)
    return `{{${nameOf(name)}}}`
  })
  return { text: renamed, unknown }
}

/** Placeholders as Pelican names them. A name that is Pelican's already stays, so doing it twice changes nothing. */
export const withPelicanNames = (text: string): Renamed =>
  rename(text, (name) => TO_PELICAN.get(name) ?? name.replace(LEGACY_VARIABLE, 'server.environment.'), ONLY_LEGACY)

/** Placeholders as Pterodactyl and every older daemon name them. */
export const withLegacyNames = (text: string): Renamed =>
  rename(text, (name) => TO_LEGACY.get(name) ?? name.replace(PELICAN_VARIABLE, 'server.build.env.'), ONLY_PELICAN)
