import type { Egg, EggConfigFile, EggReplacement, Json, Labelled, UnknownKey } from '../model.ts'
import { STARTUP_KEYS } from '../read-config.ts'
import { INSTALL_KEYS, META_KEYS, SCRIPTS_KEYS } from '../read-panel-egg.ts'
import { VARIABLE_KEYS } from '../read-variables.ts'
import type { LossList } from './egg-loss.ts'
import type { Renamed } from './panel-names.ts'

/** A map from label to value holds each label once: further ones get a number. */
export function withDistinctLabels(pairs: readonly Labelled[], pointer: string, notes: LossList): Labelled[] {
  const taken = new Set(pairs.map(({ label }) => label))
  const seen = new Set<string>()
  const counts = new Map<string, number>()
  return pairs.map(({ label, value }, index) => {
    let name = label
    let count = counts.get(label) ?? 1
    while (seen.has(name) || (name !== label && taken.has(name))) name = `${label} (${++count})`
    counts.set(label, count)
    seen.add(name)
    if (name !== label) {
      notes.change(
        'LABEL',
        `${pointer}/${index}/label`,
        `The second “${label}” is called “${name}”; labels are distinct.`,
      )
    }
    return { label: name, value }
  })
}

/** Renames the placeholders in the values of the configuration files. */
export function withNames(egg: Egg, rename: (text: string) => Renamed, notes: LossList): Egg {
  const inValue = (value: Json, pointer: string): Json => {
    if (typeof value !== 'string') return value
    const { text, unknown } = rename(value)
    for (const name of unknown) {
      notes.lose('PLACEHOLDER', pointer, `The panel does not know {{${name}}}; it becomes an empty text.`)
    }
    if (text !== value) {
      notes.change('PLACEHOLDER', pointer, `The placeholders have the names of the panel: ${text}`)
    }
    return text
  }
  const files = egg.config.files.map((file, at) => ({
    ...file,
    replace: file.replace.map((entry, index) => ({
      ...entry,
      value: inValue(entry.value, `/config/files/${at}/replace/${index}/value`),
    })),
  }))
  const { source } = egg.config
  const config = {
    ...egg.config,
    files,
    ...(source.files !== undefined && { source: { ...source, files: rename(source.files).text } }),
  }
  return { ...egg, config }
}

/**
 * The files as a map from path to `find`, and `find` as a map from match to value, can hold them: one entry for each path,
 * one value for each match and condition.
 */
export function withOneFind(files: readonly EggConfigFile[], notes: LossList): EggConfigFile[] {
  const last = new Map(files.map(({ path }, index) => [path, index] as const))
  return files.flatMap((file, at): EggConfigFile[] => {
    const pointer = `/config/files/${at}`
    if (last.get(file.path) !== at) {
      notes.lose('CONFIG_FILE', pointer, `${file.path} stands twice; only the last entry is written.`)
      return []
    }
    return [{ ...file, replace: findable(file, pointer, notes) }]
  })
}

function findable(file: EggConfigFile, pointer: string, notes: LossList): EggReplacement[] {
  const groups = Map.groupBy(file.replace, ({ match }) => match)
  const kept = new Set<EggReplacement>()
  for (const group of groups.values()) {
    const plain = group.findLast(({ ifValue }) => ifValue === null)
    const byCondition = new Map(group.map((entry) => [entry.ifValue, entry] as const))
    if (plain) kept.add(plain)
    else for (const entry of byCondition.values()) kept.add(entry)
  }
  const result: EggReplacement[] = []
  let isMoved = false
  const places = new Map<string, number>()
  file.replace.forEach((entry, index) => {
    const here = `${pointer}/replace/${index}`
    if (!kept.has(entry)) {
      notes.lose('REPLACEMENT', here, `${entry.match} stands twice; only the last value is written.`)
      return
    }
    if (entry.ifValue === null && typeof entry.value === 'object' && entry.value !== null) {
      notes.lose(
        'REPLACEMENT',
        here,
        `${entry.match} is left out: the panel would take its map or list for conditions.`,
      )
      return
    }
    const { insertNew, updateExisting, ...rest } = entry
    if (insertNew !== undefined && insertNew !== (file.parser !== 'file')) {
      const message = `The panel ${insertNew ? 'never' : 'always'} adds ${entry.match} where it is missing.`
      notes.lose('REPLACEMENT', `${here}/insertNew`, message)
    }
    if (updateExisting === false) {
      notes.lose('REPLACEMENT', `${here}/updateExisting`, `The panel always replaces ${entry.match}.`)
    }
    const previous = places.get(entry.match)
    if (previous !== undefined && previous !== result.length - 1) isMoved = true
    places.set(entry.match, result.length)
    result.push(rest)
  })
  if (isMoved) {
    notes.lose('REPLACEMENT', `${pointer}/replace`, `The conditions of one match of ${file.path} are written together.`)
  }
  return result
}

export interface KnownKeys {
  readonly egg: ReadonlySet<string>
  readonly config: ReadonlySet<string>
  readonly file: ReadonlySet<string>
}

/** Leaves out the keys that the target would read as something else than nothing. */
export function withoutKnownKeys(egg: Egg, known: KnownKeys, notes: LossList): Egg {
  const without = (
    unknown: readonly UnknownKey[],
    keys: ReadonlySet<string>,
    pointer: string,
  ): readonly UnknownKey[] => {
    const kept = unknown.filter(({ key }) => !keys.has(key))
    if (kept.length === unknown.length) return unknown
    const gone = unknown.filter(({ key }) => keys.has(key)).map(({ key }) => key)
    notes.lose('UNKNOWN_KEY', pointer, `Keys are left out that have another meaning here: ${gone.join(', ')}.`)
    return kept
  }
  const ofParts = Object.entries({
    metaUnknown: META_KEYS,
    scriptsUnknown: SCRIPTS_KEYS,
    installUnknown: INSTALL_KEYS,
  } as const).map(([part, keys]) => [part, without(egg[part as 'metaUnknown'] ?? [], keys, `/${part}`)] as const)
  return {
    ...egg,
    ...Object.fromEntries(ofParts),
    unknown: without(egg.unknown, known.egg, '/unknown'),
    config: {
      ...egg.config,
      unknown: without(egg.config.unknown, known.config, '/config/unknown'),
      startupUnknown: without(egg.config.startupUnknown, STARTUP_KEYS, '/config/startupUnknown'),
      files: egg.config.files.map((file, index) => ({
        ...file,
        unknown: without(file.unknown, known.file, `/config/files/${index}/unknown`),
      })),
    },
    variables: egg.variables.map((variable, index) => ({
      ...variable,
      unknown: without(variable.unknown, VARIABLE_KEYS, `/variables/${index}/unknown`),
    })),
  }
}

/** Without script, container and entrypoint an install part is none, but no panel can do without the part itself. */
export function noteInstall({ install }: Egg, panel: string, notes: LossList): void {
  if (install !== null && (install.script !== '' || install.container !== '' || install.entrypoint !== '')) return
  notes.change('INSTALL', '/install', `The install part is written empty; ${panel} cannot do without one.`)
}
