import type { Egg, EggFormat, EggInstall, Labelled, UnknownKey } from './model.ts'
import { readConfig } from './read-config.ts'
import { readVariables } from './read-variables.ts'
import type { TreeReader } from './reader.ts'
import { isMap, pointerTo, unknownKeys, type Tree, type TreeMap } from './tree.ts'

export const PANEL_EGG_KEYS: ReadonlySet<string> = new Set([
  '_comment',
  'meta',
  'exported_at',
  'name',
  'author',
  'uuid',
  'description',
  'icon',
  'tags',
  'features',
  'image',
  'images',
  'docker_images',
  'file_denylist',
  'startup',
  'startup_commands',
  'config',
  'scripts',
  'variables',
])

export const META_KEYS: ReadonlySet<string> = new Set(['version', 'update_url'])
export const SCRIPTS_KEYS: ReadonlySet<string> = new Set(['installation'])
/** `script` is called `content` by Calagopus. */
export const INSTALL_KEYS: ReadonlySet<string> = new Set(['script', 'content', 'container', 'entrypoint'])

/** Reads an egg as Pterodactyl and Pelican write it, every version and dialect. */
export function readPanelEgg(reader: TreeReader, map: TreeMap, format: EggFormat): Egg {
  const meta = reader.map(map.get('meta'), '/meta')
  if (!isMap(map.get('config'))) {
    reader.note('warning', 'EGG_KEY_MISSING', '/config', 'Add `config` with `files`, `startup` and `stop`.')
  }
  return {
    name: readName(reader, map),
    author: reader.text(map, 'author', ''),
    description: reader.text(map, 'description', ''),
    uuid: reader.optionalText(map, 'uuid', ''),
    updateUrl: reader.optionalText(meta, 'update_url', '/meta'),
    exportedAt: reader.optionalText(map, 'exported_at', ''),
    comment: reader.optionalText(map, '_comment', ''),
    icon: readIcon(reader, map),
    tags: reader.texts(map, 'tags', ''),
    features: reader.texts(map, 'features', ''),
    images: readImages(reader, map, format),
    startupCommands: readStartupCommands(reader, map),
    fileDenylist: reader.texts(map, 'file_denylist', '').filter((pattern) => pattern !== ''),
    config: readConfig(reader, map.get('config'), '/config'),
    install: readInstall(reader, map),
    variables: readVariables(reader, map.get('variables'), '/variables'),
    unknown: unknownKeys(map, PANEL_EGG_KEYS),
    ...unknownOfParts(map),
  }
}

export function readName(reader: TreeReader, map: TreeMap): string {
  const name = reader.text(map, 'name', '')
  if (name.trim() === '') reader.note('error', 'EGG_KEY_MISSING', '/name', 'Give the egg a name.')
  return name
}

const isDataAddress = (value: unknown): value is string => typeof value === 'string' && value.startsWith('data:')

/** `image` was the icon's first name in PLCN_v3; in older files it is a Docker image. */
function readIcon(reader: TreeReader, map: TreeMap): string | null {
  const image = map.get('image')
  return isDataAddress(image) ? image : reader.optionalText(map, 'icon', '')
}

function readImages(reader: TreeReader, map: TreeMap, format: EggFormat): Labelled[] {
  const modern = reader.labelled(map.get('docker_images'), '/docker_images')
  if (modern.length > 0 && format !== 'PTDL_v1') return modern

  const list = reader.labelled(map.get('images'), '/images')
  const image = map.get('image')
  const single = typeof image === 'string' && image !== '' && !isDataAddress(image) ? [image] : []
  const images = list.length > 0 ? list : single.length > 0 ? single.map((value) => ({ label: value, value })) : modern
  if (images.length === 0) {
    reader.note('warning', 'EGG_NO_IMAGE', '/docker_images', 'Add a Docker image; a server cannot start without one.')
  }
  return images
}

export function readStartupCommands(reader: TreeReader, map: TreeMap): Labelled[] {
  const commands = map.get('startup_commands')
  const several = typeof commands === 'string' ? [] : reader.labelled(commands, '/startup_commands')
  if (several.length > 0) return several
  const startup = reader.text(map, 'startup', '', typeof commands === 'string' ? commands : '')
  if (startup !== '') return [{ label: 'Default', value: startup }]
  reader.note('warning', 'EGG_NO_STARTUP', '/startup', 'Add a start command; a server cannot start without one.')
  return []
}

/** Null where the egg has no script, container and entrypoint. */
export function readInstall(reader: TreeReader, map: TreeMap): EggInstall | null {
  const pointer = pointerTo('/scripts', 'installation')
  const installation = reader.map(map.get('scripts'), '/scripts').get('installation')
  if (!isMap(installation)) return null
  const script = reader.text(installation, installation.has('script') ? 'script' : 'content', pointer)
  const container = reader.text(installation, 'container', pointer)
  const entrypoint = reader.text(installation, 'entrypoint', pointer)
  return script === '' && container === '' && entrypoint === '' ? null : { script, container, entrypoint }
}

/** The keys outside of the known ones in the parts that the model does not have as such. */
export function unknownOfParts(map: TreeMap): Pick<Egg, 'metaUnknown' | 'scriptsUnknown' | 'installUnknown'> {
  const scripts = map.get('scripts')
  const parts = {
    metaUnknown: unknownIn(map.get('meta'), META_KEYS),
    scriptsUnknown: unknownIn(scripts, SCRIPTS_KEYS),
    installUnknown: unknownIn(isMap(scripts) ? scripts.get('installation') : undefined, INSTALL_KEYS),
  }
  return Object.fromEntries(Object.entries(parts).filter(([, unknown]) => unknown.length > 0))
}

const unknownIn = (part: Tree | undefined, known: ReadonlySet<string>): UnknownKey[] =>
  isMap(part) ? unknownKeys(part, known) : []
