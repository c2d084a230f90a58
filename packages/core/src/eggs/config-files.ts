import type { ConfigParser, ConfigReplacement } from './config-patch/replacement.ts'
import { hatcheryLookup } from './hatchery-placeholders.ts'
import type { Egg } from './model.ts'
import { replacePlaceholders } from './placeholders.ts'
import type { EggServer } from './server.ts'

/** A file that is patched before each start: what to hand to `patchConfigFile`. */
export interface ConfigFile {
  /** Relative to the server's folder. */
  readonly path: string
  readonly parser: ConfigParser
  /** Makes the file where there is none. */
  readonly createFile: boolean
  readonly replace: ConfigReplacement[]
}

const PARSERS: Readonly<Record<string, ConfigParser>> = {
  file: 'file',
  properties: 'properties',
  ini: 'ini',
  json: 'json',
  yaml: 'yaml',
  yml: 'yaml',
  xml: 'xml',
  toml: 'toml',
}

/** In the name of a file, `{{NAME}}` and `${NAME}` are variables too. */
const PATH_HOLE = /\{\{([\w.-]*)\}\}|\$\{(\w+)\}/g

/**
 * The files that the agent patches before each start, placeholders resolved to text; `config.…` stays for the agent.
 * Booleans and numbers of the egg keep their type. A file whose parser nobody knows is left out.
 */
export function configFilesOf(egg: Egg, server: EggServer): ConfigFile[] {
  const lookup = hatcheryLookup(egg, server)
  const resolve = (text: string) => replacePlaceholders(text, lookup)
  return egg.config.files.flatMap((file) => {
    const parser = Object.hasOwn(PARSERS, file.parser) ? PARSERS[file.parser] : undefined
    if (parser === undefined) return []
    const replace = file.replace.map(({ match, ifValue, value, insertNew, updateExisting }) => ({
      match,
      ifValue,
      value: typeof value === 'string' ? resolve(value) : value,
      ...(insertNew !== undefined && { insertNew }),
      ...(updateExisting !== undefined && { updateExisting }),
    }))
    const path = file.path.replace(PATH_HOLE, (hole, braced: string | undefined, shell: string | undefined) => {
      const name = braced ?? shell ?? ''
      const known = braced === undefined ? undefined : lookup(name)
      return known ?? (lookup(`env.${name}`) || hole)
    })
    return [{ path, parser, createFile: file.createFile, replace }]
  })
}
