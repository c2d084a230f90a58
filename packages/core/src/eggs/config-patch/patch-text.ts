import { readReplacements, type DaemonReplacement, type FindMap } from './read-replacements.ts'
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
/** Characters times replacements: what bounds the time that one file takes. */
const MAX_WORK = 64 * 1024 * 1024

type Patcher = (text: string, replacements: readonly ConfigReplacement[]) => string

/** Each is loaded with the first file that needs it. */
const PATCHERS: ReadonlyMap<string, () => Promise<Patcher>> = new Map<string, () => Promise<Patcher>>([
  ['file', async () => (await import('./patch-lines.ts')).patchLines],
  ['properties', async () => (await import('./patch-properties.ts')).patchProperties],
  ['ini', async () => (await import('./patch-ini.ts')).patchIni],
  ['json', async () => (await import('./patch-json.ts')).patchJson],
  ['yaml', async () => (await import('./patch-yaml.ts')).patchYaml],
  ['yml', async () => (await import('./patch-yaml.ts')).patchYaml],
  ['xml', async () => (await import('./patch-xml.ts')).patchXml],
  ['toml', async () => (await import('./patch-toml.ts')).patchToml],
])

const MARK = '\uFEFF'

/** Sets values in a file; what `patchConfigFile` promises. */
export async function patchText(
  parser: ConfigParser | 'yml',
  text: string,
  replacements: readonly (ConfigReplacement | DaemonReplacement)[] | FindMap,
  context: PatchContext,
): Promise<string> {
  const load = PATCHERS.get(parser)
  if (!load) {
    throw new ConfigPatchError(`The parser ${parser} is not known; use one of ${[...PATCHERS.keys()].join(', ')}.`)
  }
  const list = readReplacements(replacements)
  const isYaml = parser === 'yaml' || parser === 'yml'
  if (text.length > (isYaml ? MAX_YAML_LENGTH : MAX_LENGTH) || text.length * list.length > MAX_WORK) {
    throw new ConfigPatchError('The file is too large to be patched; it is left as it is.')
  }
  const patch = await load()
  const mark = text.startsWith(MARK) ? MARK : ''
  try {
    return mark + patch(text.slice(mark.length), withContext(list, context))
  } catch (error) {
    // A file made to exhaust the stack.
    if (error instanceof RangeError) {
      throw new ConfigPatchError('The file is too intricate to be patched; it is left as it is.', { cause: error })
    }
    throw error
  }
}
