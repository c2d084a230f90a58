import type { Egg, EggConfigFile, EggVariable, Labelled } from '../model.ts'
import { CALAGOPUS_CONFIG_KEYS, CALAGOPUS_EGG_KEYS, CALAGOPUS_FILE_KEYS } from '../read-calagopus.ts'
import { stopMethodOf } from '../stop.ts'
import { calagopusRules } from './calagopus-rules.ts'
import type { LossList } from './egg-loss.ts'
import { noteInstall, withDistinctLabels, withNames, withoutKnownKeys } from './fit-egg.ts'
import { withLegacyNames } from './panel-names.ts'
import { noteRefusedByCalagopus } from './refusals.ts'

const CALAGOPUS_KEYS = {
  egg: new Set([...CALAGOPUS_EGG_KEYS, 'meta', 'hatchery']),
  config: CALAGOPUS_CONFIG_KEYS,
  file: CALAGOPUS_FILE_KEYS,
}
const MAX_TEXT = 1024
const INT16 = 32_767

/** The egg as Calagopus can hold it; `isOwn` where it was read from its format. */
export function fitCalagopus(egg: Egg, isOwn: boolean, notes: LossList): Egg {
  noteAbout(egg, notes)
  noteInstall(egg, 'Calagopus', notes)
  if (egg.config.stopType === null) {
    const method = stopMethodOf(egg)
    const message = `The way to stop is written by its kind: ${method.type}.`
    notes.change('STOP', '/config/stop', message)
    notes.change('STOP', '/config/stopType', message)
  }
  const kept = withoutKnownKeys(egg, CALAGOPUS_KEYS, notes)
  const plain: Egg = {
    ...kept,
    updateUrl: null,
    exportedAt: null,
    comment: null,
    icon: null,
    tags: [],
    config: { ...kept.config, logs: null, source: {} },
    images: withDistinctLabels(egg.images, '/images', notes),
    startupCommands: withDistinctLabels(egg.startupCommands, '/startupCommands', notes),
  }
  const files = withDistinctPaths(plain.config.files, notes)
  if (isOwn) return { ...plain, config: { ...plain.config, files } }

  noteRefusedByCalagopus(egg, notes)
  const { text: description } = cut(egg.description, '/description', 'The description of the egg', notes)
  const named = withNames(plain, withLegacyNames, notes)
  return {
    ...named,
    description,
    images: distinct(named.images, '/images', 'image', notes),
    startupCommands: distinct(named.startupCommands, '/startupCommands', 'start command', notes),
    config: { ...named.config, files: withDistinctPaths(named.config.files, notes, true) },
    variables: fitVariables(named.variables, notes),
  }
}

const LEFT_OUT = {
  updateUrl: 'The address for updates is left out.',
  exportedAt: 'The date of the export is left out.',
  comment: 'The comment is left out.',
  icon: 'The icon is left out.',
} as const

function noteAbout(egg: Egg, notes: LossList): void {
  for (const [key, message] of Object.entries(LEFT_OUT) as [keyof typeof LEFT_OUT, string][]) {
    if (egg[key] !== null) notes.lose('ABOUT', `/${key}`, message)
  }
  if (egg.metaUnknown) {
    const keys = egg.metaUnknown.map(({ key }) => key).join(', ')
    notes.lose('UNKNOWN_KEY', '/metaUnknown', `The part \`meta\` is left out, and with it ${keys}.`)
  }
  if (egg.tags.length > 0) notes.lose('ABOUT', '/tags', `The tags are left out: ${egg.tags.join(', ')}.`)
  const { logs } = egg.config
  if (logs !== null && logs !== '{}' && logs !== '[]') {
    notes.lose('ABOUT', '/config/logs', 'The part `logs`, which no panel reads, is left out.')
  }
}

function withDistinctPaths(files: readonly EggConfigFile[], notes: LossList, isRenamed = false): EggConfigFile[] {
  const last = new Map(files.map(({ path }, index) => [path, index] as const))
  return files.flatMap((file, index): EggConfigFile[] => {
    const pointer = `/config/files/${index}`
    if (last.get(file.path) !== index) {
      if (!isRenamed) notes.lose('CONFIG_FILE', pointer, `${file.path} stands twice; only the last entry is written.`)
      return []
    }
    if (!isRenamed || file.parser !== 'yml') return [file]
    notes.change('PARSER', `${pointer}/parser`, 'The parser yml is written yaml.')
    return [{ ...file, parser: 'yaml' }]
  })
}

/** Calagopus refuses two labels with one value. */
function distinct(pairs: readonly Labelled[], pointer: string, noun: string, notes: LossList): Labelled[] {
  const seen = new Set<string>()
  return pairs.filter(({ label, value }, index) => {
    const isNew = !seen.has(value)
    seen.add(value)
    if (!isNew) {
      notes.lose(
        'LABEL',
        `${pointer}/${index}`,
        `The ${noun} “${label}” is left out: another label has the same value.`,
      )
    }
    return isNew
  })
}

/** Shortens a text, between characters. */
function cut(text: string, pointer: string, noun: string, notes: LossList): { readonly text: string } {
  const characters = [...text]
  if (characters.length <= MAX_TEXT) return { text }
  notes.lose('VARIABLE_TEXT', pointer, `${noun} is cut after ${MAX_TEXT} characters.`)
  return { text: characters.slice(0, MAX_TEXT).join('') }
}

function fitVariables(variables: readonly EggVariable[], notes: LossList): EggVariable[] {
  const last = new Map(variables.map(({ envVariable }, index) => [envVariable, index] as const))
  return variables.flatMap((variable, index): EggVariable[] => {
    const pointer = `/variables/${index}`
    const { envVariable } = variable
    if (last.get(envVariable) !== index) {
      notes.lose('VARIABLE', pointer, `${envVariable} stands twice; only the last one is written.`)
      return []
    }
    const name = [...variable.name].length < 3 ? `${variable.name} (${envVariable})`.trim() : variable.name
    if (name !== variable.name) {
      notes.change(
        'VARIABLE_TEXT',
        `${pointer}/name`,
        `${envVariable} has a longer title; Calagopus wants three characters.`,
      )
    }
    if (new TextEncoder().encode(variable.defaultValue).length > MAX_TEXT) {
      const message = `Calagopus leaves ${envVariable} out: its default is longer than ${MAX_TEXT} bytes.`
      notes.lose('VARIABLE', `${pointer}/defaultValue`, message)
    }
    const noun = `The description of ${envVariable}`
    const { text: description } = cut(variable.description, `${pointer}/description`, noun, notes)
    const sort = variable.sort === null ? index + 1 : variable.sort
    const isKept = Math.abs(sort) <= INT16
    if (variable.sort === null) {
      notes.change('VARIABLE_ORDER', `${pointer}/sort`, `${envVariable} gets its place as a number.`)
    } else if (!isKept) {
      notes.lose('VARIABLE_ORDER', `${pointer}/sort`, `${envVariable} loses its place; the number is too large.`)
    }
    const rules = calagopusRules(variable, pointer, notes)
    return [{ ...variable, name, description, rules, sort: isKept ? sort : 0 }]
  })
}
