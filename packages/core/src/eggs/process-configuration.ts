import type { Egg, EggConfigFile, Json } from './model.ts'
import { asPelicanImports } from './pelican-import.ts'
import { currentStructure, legacyStructure, lookupIn, panelEnvironment, replacePlaceholders } from './placeholders.ts'
import type { EggServer } from './server.ts'
import { hatcheryLookup } from './hatchery-placeholders.ts'

export type ProcessPanel = 'hatchery' | 'pterodactyl' | 'pelican'

/** What a panel hands its daemon so that it can run the process of a server. */
export interface ProcessConfiguration {
  readonly startup: {
    /** Null where the egg names none. */
    readonly done: readonly string[] | null
    readonly user_interaction: readonly string[]
    readonly strip_ansi: boolean
  }
  readonly stop: { readonly type: 'command' | 'signal' | 'stop'; readonly value: string }
  readonly configs: readonly ProcessConfigFile[]
}

export interface ProcessConfigFile {
  readonly parser: string
  readonly file: string
  readonly replace: readonly { readonly match: string; readonly if_value?: string; readonly replace_with: Json }[]
  readonly create_file?: boolean
  readonly [key: string]: unknown
}

/**
 * The process configuration that a panel sends its daemon for this server. `pterodactyl` and `pelican` answer as those
 * panels do, with their faults; `hatchery` resolves every name that either of them knows.
 */
export function processConfiguration(
  egg: Egg,
  server: EggServer,
  { panel }: { readonly panel: ProcessPanel },
): ProcessConfiguration {
  const imported = panel === 'pelican' ? asPelicanImports(egg) : egg
  const { config } = imported
  const resolve = resolverOf(panel, imported, server)
  return {
    startup: { done: config.done.length > 0 ? config.done : null, user_interaction: [], strip_ansi: config.stripAnsi },
    stop: stopOf(config.stop, config.stopType),
    configs: config.files.map((file) => configOf(file, (text) => replacePlaceholders(text, resolve))),
  }
}

function stopOf(stop: string, stopType: Egg['config']['stopType']): ProcessConfiguration['stop'] {
  if (stopType === 'signal') return { type: 'signal', value: stop }
  if (stopType === 'runtime') return { type: 'stop', value: '' }
  if (stopType === 'command' || !stop.startsWith('^')) return { type: 'command', value: stop }
  return { type: 'signal', value: stop.slice(1).toUpperCase() }
}

function configOf(file: EggConfigFile, resolve: (text: string) => string): ProcessConfigFile {
  const further = Object.fromEntries(file.unknown.map(({ key, json }) => [key, JSON.parse(json) as Json]))
  return {
    ...further,
    parser: file.parser,
    ...(!file.createFile && { create_file: false }),
    file: file.path,
    replace: file.replace.map(({ match, ifValue, value }) => ({
      match,
      ...(ifValue !== null && { if_value: ifValue }),
      replace_with: typeof value === 'string' ? resolve(value) : value,
    })),
  }
}

type Resolver = (name: string) => string | undefined

function resolverOf(panel: ProcessPanel, egg: Egg, server: EggServer): Resolver {
  const environment = panelEnvironment(egg, server)
  if (panel === 'hatchery') return hatcheryLookup(egg, server)
  if (panel === 'pelican') {
    delete environment['P_SERVER_LOCATION']
    const lookup = lookupIn(currentStructure(server, environment))
    return (name) => {
      if (name.startsWith('server.')) return lookup(name.slice('server.'.length))
      return name.startsWith('env.') ? lookup(`environment.${name.slice('env.'.length)}`) : undefined
    }
  }
  const lookup = lookupIn(legacyStructure(server, environment))
  return (name) => {
    const late = RENAMED_TOO_LATE.get(name)
    if (late !== undefined) return `{{${late}}}`
    if (name.startsWith('server.')) return lookup(name.slice('server.'.length))
    return name.startsWith('env.') ? lookup(`build.env.${name.slice('env.'.length)}`) : undefined
  }
}

/** Pterodactyl renames these after it has looked for placeholders, so the new name is what reaches the file. */
const RENAMED_TOO_LATE: ReadonlyMap<string, string> = new Map([
  ['config.docker.interface', 'config.docker.network.interface'],
  ...['env.', 'server.build.env.'].flatMap((prefix): [string, string][] => [
    [`${prefix}SERVER_PORT`, 'server.build.default.port'],
    [`${prefix}SERVER_IP`, 'server.build.default.ip'],
    [`${prefix}SERVER_MEMORY`, 'server.build.memory'],
  ]),
])
