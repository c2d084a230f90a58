import type {
  Egg,
  EggConfig,
  EggConfigFile,
  EggFormat,
  EggOrigin,
  EggReplacement,
  Labelled,
  UnknownKey,
} from './model.ts'
import { readJson } from './read-json.ts'
import { readName } from './read-panel-egg.ts'
import { readVariables } from './read-variables.ts'
import type { TreeReader } from './reader.ts'
import { isMap, pointerTo, treeToValue, type Tree, type TreeMap } from './tree.ts'

/** Hatchery's own file: the model as it is, marked with `hatchery` and the number of its version. */
export const isHatchery = (map: TreeMap): boolean => map.get('hatchery') === 1

export function readHatcheryEgg(reader: TreeReader, map: TreeMap): Egg {
  const install = map.get('install')
  return {
    name: readName(reader, map),
    author: reader.text(map, 'author', ''),
    description: reader.text(map, 'description', ''),
    uuid: reader.optionalText(map, 'uuid', ''),
    updateUrl: reader.optionalText(map, 'updateUrl', ''),
    exportedAt: reader.optionalText(map, 'exportedAt', ''),
    comment: reader.optionalText(map, 'comment', ''),
    icon: reader.optionalText(map, 'icon', ''),
    tags: reader.texts(map, 'tags', ''),
    features: reader.texts(map, 'features', ''),
    images: pairs(reader, map, 'images', ''),
    startupCommands: pairs(reader, map, 'startupCommands', ''),
    fileDenylist: reader.texts(map, 'fileDenylist', '').filter((pattern) => pattern !== ''),
    config: readConfig(reader, reader.map(map.get('config'), '/config')),
    install: isMap(install)
      ? {
          script: reader.text(install, 'script', '/install'),
          container: reader.text(install, 'container', '/install'),
          entrypoint: reader.text(install, 'entrypoint', '/install'),
        }
      : null,
    variables: readVariables(reader, asPanelVariables(reader, map.get('variables')), '/variables').map((variable) => ({
      ...variable,
      unknown: variable.unknown.flatMap(({ key, json }) => (key === 'unknown' ? parseUnknown(json) : [])),
    })),
    ...(map.has('forceOutgoingIp') && { forceOutgoingIp: reader.flag(map, 'forceOutgoingIp', false) }),
    ...(map.has('separatePort') && { separatePort: reader.flag(map, 'separatePort', false) }),
    unknown: unknownOf(reader, map, ''),
    ...unknownOfParts(reader, map),
    ...readStoredOrigin(reader, map.get('origin')),
  }
}

const FORMATS: readonly EggFormat[] = ['PTDL_v1', 'PTDL_v2', 'PLCN_v1', 'PLCN_v2', 'PLCN_v3', 'calagopus']

/** How the file was written that the egg came from at first; nothing where that is not said. */
function readStoredOrigin(reader: TreeReader, value: Tree | undefined): { origin?: EggOrigin } {
  if (!isMap(value)) return {}
  const format = FORMATS.find((known) => known === value.get('format'))
  if (format === undefined) return {}
  const flags = (['endsWithNewline', 'escapesSlashes', 'escapesUnicode', 'escapesHtml'] as const).flatMap((key) =>
    value.has(key) ? [[key, reader.flag(value, key, false)] as const] : [],
  )
  const keys = maps(reader, value.get('keys'), '/origin/keys').map((item) => ({
    pointer: reader.text(item, 'pointer', '/origin/keys'),
    keys: reader.texts(item, 'keys', '/origin/keys'),
  }))
  const spelled = maps(reader, value.get('spelled'), '/origin/spelled').flatMap((item) => {
    const json = reader.text(item, 'json', '/origin/spelled')
    const pointer = reader.text(item, 'pointer', '/origin/spelled')
    return isJson(json) ? [{ pointer, json, for: reader.text(item, 'for', '/origin/spelled') }] : []
  })
  return {
    origin: {
      format,
      encoding: value.get('encoding') === 'yaml' ? 'yaml' : 'json',
      ...Object.fromEntries(flags),
      ...(value.get('iconKey') === 'image' && { iconKey: 'image' }),
      ...(value.has('keys') && { keys }),
      ...(value.has('spelled') && { spelled }),
    },
  }
}

const maps = (reader: TreeReader, value: Tree | undefined, pointer: string): TreeMap[] =>
  reader.list(value, pointer).filter(isMap)

function pairs(reader: TreeReader, map: TreeMap, key: string, pointer: string): Labelled[] {
  const here = pointerTo(pointer, key)
  return maps(reader, map.get(key), here).map((item) => ({
    label: reader.text(item, 'label', here),
    value: reader.text(item, 'value', here),
  }))
}

const unknownOf = (reader: TreeReader, map: TreeMap, pointer: string, key = 'unknown'): UnknownKey[] =>
  distinct(
    maps(reader, map.get(key), pointer).flatMap((item) => {
      const json = reader.text(item, 'json', pointer)
      return isJson(json) ? [{ key: reader.text(item, 'key', pointer), json }] : []
    }),
  )

const PARTS = ['metaUnknown', 'scriptsUnknown', 'installUnknown'] as const

const unknownOfParts = (reader: TreeReader, map: TreeMap): Pick<Egg, (typeof PARTS)[number]> =>
  Object.fromEntries(
    PARTS.map((key) => [key, unknownOf(reader, map, pointerTo('', key), key)] as const).filter(
      ([, unknown]) => unknown.length > 0,
    ),
  )

/** A key that stands twice: the last one counts. */
const distinct = (unknown: readonly UnknownKey[]): UnknownKey[] => [
  ...new Map(unknown.map((item) => [item.key, item] as const)).values(),
]

function isJson(text: string): boolean {
  try {
    readJson(text)
    return true
  } catch {
    // What cannot be read cannot be written back either.
    return false
  }
}

function parseUnknown(json: string): UnknownKey[] {
  const list = JSON.parse(json) as unknown
  return Array.isArray(list) ? distinct(list.filter(isUnknownKey)) : []
}

const isUnknownKey = (item: unknown): item is UnknownKey =>
  typeof item === 'object' &&
  item !== null &&
  'key' in item &&
  typeof item.key === 'string' &&
  'json' in item &&
  typeof item.json === 'string' &&
  isJson(item.json)

const STOP_TYPES: readonly string[] = ['command', 'signal', 'runtime']

function readConfig(reader: TreeReader, config: TreeMap): EggConfig {
  const stopType = config.get('stopType')
  const logs = reader.optionalText(config, 'logs', '/config')
  const source = reader.map(config.get('source'), '/config/source')
  const part = (key: string) => {
    const text = reader.optionalText(source, key, '/config/source')
    return text === null ? {} : { [key]: text }
  }
  return {
    files: maps(reader, config.get('files'), '/config/files').map((file) => readFile(reader, file)),
    done: reader.texts(config, 'done', '/config'),
    stripAnsi: reader.flag(config, 'stripAnsi', false),
    stop: reader.text(config, 'stop', '/config'),
    stopType: STOP_TYPES.includes(String(stopType)) ? (String(stopType) as EggConfig['stopType']) : null,
    logs: logs !== null && isJson(logs) ? logs : null,
    startupUnknown: unknownOf(reader, config, '/config/startupUnknown', 'startupUnknown'),
    unknown: unknownOf(reader, config, '/config/unknown'),
    source: { ...part('files'), ...part('startup'), ...part('logs') },
  }
}

function readFile(reader: TreeReader, file: TreeMap): EggConfigFile {
  return {
    path: reader.text(file, 'path', '/config/files'),
    parser: reader.text(file, 'parser', '/config/files'),
    createFile: reader.flag(file, 'createFile', true),
    replace: maps(reader, file.get('replace'), '/config/files').map((item): EggReplacement => ({
      match: reader.text(item, 'match', '/config/files'),
      ifValue: reader.optionalText(item, 'ifValue', '/config/files'),
      value: treeToValue(item.get('value') ?? null),
      ...(item.has('insertNew') && { insertNew: reader.flag(item, 'insertNew', false) }),
      ...(item.has('updateExisting') && { updateExisting: reader.flag(item, 'updateExisting', true) }),
    })),
    unknown: unknownOf(reader, file, '/config/files'),
  }
}

const NAMES: Readonly<Record<string, string>> = {
  envVariable: 'env_variable',
  defaultValue: 'default_value',
  userViewable: 'user_viewable',
  userEditable: 'user_editable',
  nameTranslations: 'name_translations',
  descriptionTranslations: 'description_translations',
}

/** The variables under the names that the panels use, translations as a map. */
function asPanelVariables(reader: TreeReader, value: Tree | undefined): Tree {
  return maps(reader, value, '/variables').map(
    (variable) =>
      new Map(
        Array.from(variable, ([key, item]): [string, Tree] => {
          if (key !== 'nameTranslations' && key !== 'descriptionTranslations') return [NAMES[key] ?? key, item]
          const entries = pairs(reader, variable, key, '/variables')
          return [NAMES[key] ?? key, new Map(entries.map(({ label, value: text }) => [label, text]))]
        }),
      ),
  )
}
