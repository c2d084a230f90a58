import type { Egg, EggConfig, EggConfigFile } from './model.ts'
import { PARSERS } from './config-parsers.ts'
import { STARTUP_KEYS, readDone, readEmbedded, readFind } from './read-config.ts'
import { readInstall, readName, readStartupCommands, unknownOfParts } from './read-panel-egg.ts'
import { readVariables } from './read-variables.ts'
import type { TreeReader } from './reader.ts'
import { isMap, pointerTo, treeToValue, unknownKeys, type Tree, type TreeMap } from './tree.ts'

export const CALAGOPUS_EGG_KEYS: ReadonlySet<string> = new Set([
  'uuid',
  'name',
  'author',
  'description',
  'config',
  'scripts',
  'startup',
  'startup_commands',
  'force_outgoing_ip',
  'separate_port',
  'features',
  'docker_images',
  'file_denylist',
  'variables',
])
export const CALAGOPUS_CONFIG_KEYS: ReadonlySet<string> = new Set(['files', 'startup', 'stop'])
export const CALAGOPUS_FILE_KEYS: ReadonlySet<string> = new Set(['create_new', 'parser', 'replace', 'find'])

/**
 * Calagopus names no version: what tells is the shape of the install script or of the stop command. Without `meta` it also
 * takes the parts of a Pterodactyl egg.
 */
export function isCalagopus(map: TreeMap): boolean {
  if (map.has('meta')) return false
  const scripts = map.get('scripts')
  const installation = isMap(scripts) ? scripts.get('installation') : undefined
  const config = map.get('config')
  const isPanelLike = isMap(installation) && isMap(config) && isMap(map.get('docker_images'))
  return (
    isPanelLike || (isMap(installation) && installation.has('content')) || (isMap(config) && isMap(config.get('stop')))
  )
}

export function readCalagopusEgg(reader: TreeReader, map: TreeMap): Egg {
  const images = reader.labelled(map.get('docker_images'), '/docker_images')
  if (images.length === 0) {
    reader.note('warning', 'EGG_NO_IMAGE', '/docker_images', 'Add a Docker image; a server cannot start without one.')
  }
  return {
    name: readName(reader, map),
    author: reader.text(map, 'author', ''),
    description: reader.text(map, 'description', ''),
    uuid: reader.optionalText(map, 'uuid', ''),
    updateUrl: null,
    exportedAt: null,
    comment: null,
    icon: null,
    tags: [],
    features: reader.texts(map, 'features', ''),
    images,
    startupCommands: readStartupCommands(reader, map),
    fileDenylist: reader.texts(map, 'file_denylist', '').filter((pattern) => pattern !== ''),
    config: readConfig(reader, map.get('config')),
    install: readInstall(reader, map),
    variables: readVariables(reader, map.get('variables'), '/variables'),
    ...(map.has('force_outgoing_ip') && { forceOutgoingIp: reader.flag(map, 'force_outgoing_ip', false) }),
    ...(map.has('separate_port') && { separatePort: reader.flag(map, 'separate_port', false) }),
    unknown: unknownKeys(map, CALAGOPUS_EGG_KEYS),
    ...unknownOfParts(map),
  }
}

const STOP_TYPES: Readonly<Record<string, EggConfig['stopType']>> = { command: 'command', signal: 'signal' }

function readConfig(reader: TreeReader, value: Tree | undefined): EggConfig {
  const config = reader.map(value, '/config')
  const part = (key: 'files' | 'startup'): Tree => {
    const raw = config.get(key) ?? null
    return typeof raw === 'string' ? readEmbedded(reader, raw, pointerTo('/config', key)) : raw
  }
  const startup = reader.map(part('startup'), '/config/startup')
  const stop = config.get('stop')
  const stopMap = isMap(stop) ? stop : null
  return {
    files: Array.from(reader.map(part('files'), '/config/files'), ([path, entry]) =>
      readFile(reader, path, reader.map(entry, pointerTo('/config/files', path))),
    ),
    done: readDone(reader, startup, '/config/startup'),
    stripAnsi: reader.flag(startup, 'strip_ansi', false),
    stop: stopMap ? reader.text(stopMap, 'value', '/config/stop') : reader.text(config, 'stop', '/config'),
    stopType: stopMap ? (STOP_TYPES[reader.text(stopMap, 'type', '/config/stop')] ?? 'runtime') : null,
    logs: null,
    startupUnknown: unknownKeys(startup, STARTUP_KEYS),
    unknown: unknownKeys(config, CALAGOPUS_CONFIG_KEYS),
    source: {},
  }
}

function readFile(reader: TreeReader, path: string, entry: TreeMap): EggConfigFile {
  const here = pointerTo('/config/files', path)
  const parser = reader.text(entry, 'parser', here)
  if (!PARSERS.has(parser)) {
    reader.note('warning', 'EGG_PARSER_UNKNOWN', pointerTo(here, 'parser'), `Use one of ${[...PARSERS].join(', ')}.`)
  }
  const listed = reader.list(entry.get('replace'), pointerTo(here, 'replace')).filter(isMap)
  return {
    path,
    parser,
    createFile: reader.flag(entry, 'create_new', true),
    replace: entry.has('find')
      ? readFind(reader.map(entry.get('find'), pointerTo(here, 'find')))
      : listed.map((item) => ({
          match: reader.text(item, 'match', here),
          ifValue: reader.optionalText(item, 'if_value', here),
          value: treeToValue(item.get('replace_with') ?? null),
          insertNew: reader.flag(item, 'insert_new', false),
          updateExisting: reader.flag(item, 'update_existing', true),
        })),
    unknown: unknownKeys(entry, CALAGOPUS_FILE_KEYS),
  }
}
