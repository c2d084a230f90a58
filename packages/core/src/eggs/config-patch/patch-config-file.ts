import { patchIni } from './patch-ini.ts'
import { patchJson } from './patch-json.ts'
import { patchLines } from './patch-lines.ts'
import { patchProperties } from './patch-properties.ts'
import {
  ConfigPatchError,
  withContext,
  type ConfigParser,
  type ConfigReplacement,
  type PatchContext,
} from './replacement.ts'

const MAX_LENGTH = 16 * 1024 * 1024
/** The YAML reader is slow; a configuration file is far smaller. */
const MAX_YAML_LENGTH = 1024 * 1024

type Patcher = (text: string, replacements: readonly ConfigReplacement[]) => string

/** The larger ones are loaded with the first file that needs them. */
const PATCHERS: Readonly<Record<ConfigParser, () => Patcher | Promise<Patcher>>> = {
  file: () => patchLines,
  properties: () => patchProperties,
  ini: () => patchIni,
  json: () => patchJson,
  yaml: async () => (await import('./patch-yaml.ts')).patchYaml,
  xml: async () => (await import('./patch-xml.ts')).patchXml,
  toml: async () => (await import('./patch-toml.ts')).patchToml,
}

/**
 * Sets values in a game's configuration file before it starts. Comments, order, indentation and line ends stay; what
 * already has its value is not touched. An empty text stands for a new file.
 *
 * Rejects with a ConfigPatchError when the file is not of its kind: leave it as it is and start anyway
 * @example await patchConfigFile('properties', text, [{ match: 'server-port', ifValue: null, value: '25565' }])
 */
export async function patchConfigFile(
  parser: ConfigParser,
  text: string,
  replacements: readonly ConfigReplacement[],
  context: PatchContext = {},
): Promise<string> {
  if (text.length > (parser === 'yaml' ? MAX_YAML_LENGTH : MAX_LENGTH)) {
    throw new ConfigPatchError('The file is too large to be patched; it is left as it is.')
  }
  const patch = await PATCHERS[parser]()
  try {
    return patch(text, withContext(replacements, context))
  } catch (error) {
    // A file made to exhaust the stack.
    if (error instanceof RangeError) {
      throw new ConfigPatchError('The file is too intricate to be patched; it is left as it is.', { cause: error })
    }
    throw error
  }
}
