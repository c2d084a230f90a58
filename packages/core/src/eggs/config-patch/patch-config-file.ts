import type { DaemonReplacement, FindMap } from './read-replacements.ts'
import type { ConfigParser, ConfigReplacement, PatchContext } from './replacement.ts'

/**
 * Sets values in a game's configuration file before it starts. Comments, order, indentation, line ends and a byte order mark
 * stay; what already has its value is not touched, so that a second run changes nothing. An empty text stands for a new file.
 *
 * @param parser one of `file`, `properties`, `ini`, `json`, `yaml` (or `yml`, as eggs also write it), `xml`, `toml`
 * @param replacements a list, in Hatchery's form or in the daemons' (`match`, `if_value`, `replace_with`); or the `find` map of
 * an egg file
 * @throws ConfigPatchError (the promise rejects with it) when the file is not of its kind or too large, or the parser is not
 * known: leave the file as it is and start anyway
 * @example await patchConfigFile('properties', text, [{ match: 'server-port', ifValue: null, value: '25565' }])
 */
export async function patchConfigFile(
  parser: ConfigParser | 'yml',
  text: string,
  replacements: readonly (ConfigReplacement | DaemonReplacement)[] | FindMap,
  context: PatchContext = {},
): Promise<string> {
  const { patchText } = await import('./patch-text.ts')
  return patchText(parser, text, replacements, context)
}
