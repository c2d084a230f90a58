import type { Egg, EggConfigFile, EggVariable, Labelled } from '../model.ts'
import { stopMethodOf } from '../stop.ts'
import { treeFromValue, type TreeMap } from '../tree.ts'
import { labelledTree, mapOf, scriptsTree, withUnknown } from './panel-tree.ts'

const STOP_TYPES = { command: 'command', signal: 'signal', runtime: 'docker' } as const

/** The egg as Calagopus arranges it. */
export function calagopusTree(egg: Egg): TreeMap {
  const { config } = egg
  const { script = '', container = '', entrypoint = '' } = egg.install ?? {}
  const tree: TreeMap = new Map()
  if (egg.uuid !== null) tree.set('uuid', egg.uuid)
  tree.set('name', egg.name)
  tree.set('description', egg.description === '' ? null : egg.description)
  tree.set('author', egg.author)
  const startup = withUnknown(mapOf({ done: [...config.done], strip_ansi: config.stripAnsi }), config.startupUnknown)
  const files: TreeMap = new Map(config.files.map((file) => [file.path, fileTree(file)] as const))
  tree.set('config', withUnknown(mapOf({ files, startup, stop: stopTree(egg) }), config.unknown))
  tree.set('scripts', scriptsTree(egg, { container, entrypoint, content: script }))
  tree.set('startup_commands', labelledTree(egg.startupCommands))
  tree.set('force_outgoing_ip', egg.forceOutgoingIp ?? false)
  tree.set('separate_port', egg.separatePort ?? false)
  tree.set('features', [...egg.features])
  tree.set('docker_images', labelledTree(egg.images))
  tree.set('file_denylist', [...egg.fileDenylist])
  tree.set('variables', egg.variables.map(variableTree))
  return withUnknown(tree, egg.unknown)
}

function stopTree(egg: Egg): TreeMap {
  const { stop, stopType } = egg.config
  if (stopType !== null)
    return mapOf({ type: STOP_TYPES[stopType], value: stopType === 'runtime' && stop === '' ? null : stop })
  const method = stopMethodOf(egg)
  if (method.type === 'runtime') return mapOf({ type: STOP_TYPES.runtime, value: null })
  return mapOf({ type: method.type, value: method.type === 'signal' ? method.signal : method.command })
}

function fileTree(file: EggConfigFile): TreeMap {
  const replace = file.replace.map(({ match, insertNew, updateExisting, ifValue, value }) =>
    mapOf({
      match,
      insert_new: insertNew ?? file.parser !== 'file',
      update_existing: updateExisting ?? true,
      if_value: ifValue,
      replace_with: treeFromValue(value, true),
    }),
  )
  return withUnknown(mapOf({ create_new: file.createFile, parser: file.parser, replace }), file.unknown)
}

const translations = (pairs: readonly Labelled[] = []): TreeMap => labelledTree(pairs)

function variableTree(variable: EggVariable): TreeMap {
  const orNull = (text: string) => (text === '' ? null : text)
  const tree = mapOf({
    name: variable.name,
    name_translations: translations(variable.nameTranslations),
    description: orNull(variable.description),
    description_translations: translations(variable.descriptionTranslations),
    order: variable.sort ?? 0,
    env_variable: variable.envVariable,
    default_value: orNull(variable.defaultValue),
    user_viewable: variable.userViewable,
    user_editable: variable.userEditable,
    secret: variable.secret ?? false,
    rules: [...variable.rules],
  })
  return withUnknown(tree, variable.unknown)
}
