import type { Egg, EggConfigFile, EggVariable, Labelled, UnknownKey } from '../model.ts'
import { readEmbedded, readFiles } from '../read-config.ts'
import { readJson } from '../read-json.ts'
import { TreeReader } from '../reader.ts'
import { treeFromValue, treeToJson, unknownKeys, isMap, type Tree, type TreeMap } from '../tree.ts'
import { PELICAN_JSON, PTERODACTYL_JSON, writeJson } from './write-json.ts'

export interface PanelTarget {
  readonly format: 'PTDL_v2' | 'PLCN_v3'
  /** In YAML the parts of `config` are maps, in JSON they are texts. */
  readonly encoding: 'json' | 'yaml'
  /** What PLCN_v3 called the icon at first. @default icon */
  readonly iconKey?: 'icon' | 'image'
  /** The texts of `config.source` are known to say the same as the model. */
  readonly isSourceTrue?: boolean
}

/** The egg as Pterodactyl (PTDL_v2) or Pelican (PLCN_v3) arranges it. Of several start commands PTDL_v2 has the first. */
export function panelTree(egg: Egg, target: PanelTarget): TreeMap {
  const isPelican = target.format === 'PLCN_v3'
  const tree: TreeMap = new Map()
  if (egg.comment !== null) tree.set('_comment', egg.comment)
  tree.set('meta', withUnknown(mapOf({ version: target.format, update_url: egg.updateUrl }), egg.metaUnknown))
  tree.set('exported_at', egg.exportedAt)
  tree.set('name', egg.name)
  tree.set('author', egg.author)
  if (egg.uuid !== null) tree.set('uuid', egg.uuid)
  tree.set('description', egg.description)
  if (isPelican || egg.icon !== null) tree.set(target.iconKey ?? 'icon', egg.icon)
  if (isPelican || egg.tags.length > 0) tree.set('tags', [...egg.tags])
  tree.set('features', [...egg.features])
  tree.set('docker_images', phpMap(egg.images))
  tree.set('file_denylist', [...egg.fileDenylist])
  if (isPelican) tree.set('startup_commands', phpMap(egg.startupCommands))
  else tree.set('startup', egg.startupCommands[0]?.value ?? '')
  tree.set('config', configTree(egg, target))
  const { script = '', container = '', entrypoint = '' } = egg.install ?? {}
  tree.set('scripts', scriptsTree(egg, { script, container, entrypoint }))
  const hasSort = isPelican || egg.variables.some(({ sort }) => sort !== null)
  tree.set(
    'variables',
    egg.variables.map((variable) => variableTree(variable, isPelican, hasSort)),
  )
  return withUnknown(tree, egg.unknown)
}

export const mapOf = (entries: Readonly<Record<string, Tree>>): TreeMap => new Map(Object.entries(entries))

export const labelledTree = (pairs: readonly Labelled[]): TreeMap =>
  new Map(pairs.map(({ label, value }) => [label, value] as const))

/** PHP has one kind of array, and writes an empty one as a list. */
const phpMap = (pairs: readonly Labelled[]): Tree => (pairs.length === 0 ? [] : labelledTree(pairs))

export const scriptsTree = (egg: Egg, installation: Readonly<Record<string, string>>): TreeMap =>
  withUnknown(mapOf({ installation: withUnknown(mapOf(installation), egg.installUnknown) }), egg.scriptsUnknown)

/** Adds the keys that nobody knows behind the others. */
export function withUnknown(map: TreeMap, unknown: readonly UnknownKey[] = []): TreeMap {
  for (const { key, json } of unknown) {
    if (!map.has(key)) map.set(key, readJson(json).tree)
  }
  return map
}

function variableTree(variable: EggVariable, isPelican: boolean, hasSort: boolean): TreeMap {
  const { rules } = variable
  // A bar inside of a rule, as in a pattern, survives in a list only.
  const isList = isPelican || rules.some((rule) => rule.includes('|')) || (rules.length === 1 && rules[0] === '')
  const tree = mapOf({
    name: variable.name,
    description: variable.description,
    env_variable: variable.envVariable,
    default_value: variable.defaultValue,
    user_viewable: variable.userViewable,
    user_editable: variable.userEditable,
    rules: isList ? [...rules] : rules.join('|'),
  })
  if (hasSort) tree.set('sort', variable.sort)
  withUnknown(tree, variable.unknown)
  if (!isPelican && !tree.has('field_type')) tree.set('field_type', 'text')
  return tree
}

function configTree(egg: Egg, target: PanelTarget): TreeMap {
  const { source } = egg.config
  const style = target.format === 'PLCN_v3' ? PELICAN_JSON : PTERODACTYL_JSON
  const part = (text: string | undefined, tree: TreeMap | Tree, isSame: (text: string) => boolean): Tree => {
    const isKept = text !== undefined && (target.isSourceTrue || isSame(text))
    if (target.encoding === 'yaml') return isKept ? readPart(text) : tree
    if (isKept) return text
    return writeJson(tree, style)
  }
  const files = filesTree(egg.config.files)
  const startup = startupTree(egg)
  const logs = egg.config.logs === null ? new Map() : readJson(egg.config.logs).tree
  return withUnknown(
    mapOf({
      files: part(source.files, files, (text) => isSame(filesOf(text), egg.config.files)),
      startup: part(
        source.startup,
        startup,
        (text) => treeToJson(normalStartup(readPart(text))) === treeToJson(startup),
      ),
      logs: part(source.logs, logs, (text) => (egg.config.logs ?? 'null') === treeToJson(readPart(text))),
      stop: stopText(egg),
    }),
    egg.config.unknown,
  )
}

/** A signal by name is written as `^NAME`. */
const stopText = ({ config: { stop, stopType } }: Egg): string =>
  stopType === 'signal' ? `^${stop}` : stopType === 'runtime' ? '' : stop

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)

const readPart = (text: string): Tree => readEmbedded(new TreeReader(), text, '')

export const filesOf = (text: string): EggConfigFile[] => readFiles(new TreeReader(), readPart(text), '')

function startupTree(egg: Egg): TreeMap {
  const { done, stripAnsi, startupUnknown } = egg.config
  const tree: TreeMap = new Map()
  if (done.length > 0) tree.set('done', done.length === 1 ? (done[0] ?? '') : [...done])
  if (stripAnsi) tree.set('strip_ansi', true)
  return withUnknown(tree, startupUnknown)
}

/** The same startup part as `startupTree` writes it. */
function normalStartup(tree: Tree): Tree {
  const reader = new TreeReader()
  const map = reader.map(tree, '')
  const done = typeof map.get('done') === 'string' ? [String(map.get('done'))] : reader.texts(map, 'done', '')
  const result: TreeMap = new Map()
  if (done.length > 0) result.set('done', done.length === 1 ? (done[0] ?? '') : done)
  if (reader.flag(map, 'strip_ansi', false)) result.set('strip_ansi', true)
  return withUnknown(result, unknownKeys(map, new Set(['done', 'strip_ansi'])))
}

/** `parser` and `find` of each file; conditions of one match become a map behind it. */
export function filesTree(files: readonly EggConfigFile[]): TreeMap {
  const tree: TreeMap = new Map()
  for (const file of files) {
    const find: TreeMap = new Map()
    for (const { match, ifValue, value } of file.replace) {
      if (ifValue === null) {
        find.set(match, treeFromValue(value, true))
        continue
      }
      const conditions = find.get(match)
      const map: TreeMap = isMap(conditions) ? conditions : new Map()
      find.set(match, map.set(ifValue, treeFromValue(value, true)))
    }
    const entry = mapOf({ parser: file.parser })
    if (!file.createFile) entry.set('create_file', false)
    tree.set(file.path, withUnknown(entry.set('find', find), file.unknown))
  }
  return tree
}
