import type { Egg, EggVariable } from '../model.ts'
import { PELICAN_RESERVED } from '../pelican-import.ts'
import { PANEL_CONFIG_KEYS, PANEL_FILE_KEYS } from '../read-config.ts'
import { PANEL_EGG_KEYS } from '../read-panel-egg.ts'
import type { LossList } from './egg-loss.ts'
import { noteInstall, withDistinctLabels, withNames, withOneFind, withoutKnownKeys } from './fit-egg.ts'
import { withLegacyNames, withPelicanNames } from './panel-names.ts'
import { noteRefusedByPterodactyl } from './refusals.ts'
import { withoutReservedNames } from './reserved-names.ts'

const PTERODACTYL_RESERVED: ReadonlySet<string> = new Set([
  'SERVER_MEMORY',
  'SERVER_IP',
  'SERVER_PORT',
  'ENV',
  'HOME',
  'USER',
  'STARTUP',
  'SERVER_UUID',
  'UUID',
])

const PANEL_KEYS = { egg: new Set([...PANEL_EGG_KEYS, 'hatchery']), config: PANEL_CONFIG_KEYS, file: PANEL_FILE_KEYS }

export interface PanelFit {
  readonly format: 'PTDL_v2' | 'PLCN_v3'
  /** The file that the egg was read from had this format: then nothing is renamed or left out that it can hold. */
  readonly isOwn: boolean
}

/** The egg as a file of Pterodactyl or Pelican can hold it. */
export function fitPanel(egg: Egg, { format, isOwn }: PanelFit, notes: LossList): Egg {
  const isPelican = format === 'PLCN_v3'
  let fitted = withoutKnownKeys(egg, PANEL_KEYS, notes)
  if (!isOwn) {
    const isReserved = (name: string) =>
      isPelican ? PELICAN_RESERVED.has(name.toUpperCase()) : PTERODACTYL_RESERVED.has(name)
    const rename = isPelican ? withPelicanNames : withLegacyNames
    fitted = withNames(withoutReservedNames(fitted, isReserved, notes), rename, notes)
    if (!isPelican) {
      noteDialect(egg, notes)
      noteRefusedByPterodactyl(fitted, notes)
    }
  }
  noteParsers(egg, isPelican || isOwn, notes)
  noteNetwork(egg, notes)
  noteStop(egg, notes)
  noteInstall(egg, 'the panel', notes)
  const { forceOutgoingIp: _outgoing, separatePort: _port, ...rest } = fitted
  return {
    ...rest,
    ...(!isOwn && !isPelican && { uuid: null, icon: null, tags: [] }),
    images: withDistinctLabels(fitted.images, '/images', notes),
    startupCommands: isPelican
      ? withDistinctLabels(fitted.startupCommands, '/startupCommands', notes)
      : onlyFirst(fitted, notes),
    config: { ...fitted.config, files: withOneFind(fitted.config.files, notes) },
    variables: fitted.variables.map((variable, index) =>
      fitVariable(variable, `/variables/${index}`, { isPelican, isOwn }, notes),
    ),
  }
}

function onlyFirst(egg: Egg, notes: LossList): Egg['startupCommands'] {
  egg.startupCommands.forEach(({ label, value }, index) => {
    if (index > 0) {
      const message = `The start command “${label}” is left out; the format holds one, the first.`
      notes.lose('STARTUP_COMMAND', `/startupCommands/${index}`, message)
    } else if (value === '') {
      notes.change('STARTUP_COMMAND', '/startupCommands/0', 'An empty start command is none.')
    } else if (label !== 'Default') {
      notes.lose('LABEL', '/startupCommands/0/label', `The start command loses its name “${label}”.`)
    }
  })
  return egg.startupCommands.slice(0, 1)
}

/** What Pterodactyl has no column for. */
function noteDialect(egg: Egg, notes: LossList): void {
  if (egg.uuid !== null) notes.lose('ABOUT', '/uuid', 'The uuid is left out; Pterodactyl makes a new one.')
  if (egg.icon !== null) notes.lose('ABOUT', '/icon', 'The icon is left out.')
  if (egg.tags.length > 0) notes.lose('ABOUT', '/tags', `The tags are left out: ${egg.tags.join(', ')}.`)
  egg.config.files.forEach(({ path, createFile }, index) => {
    if (createFile) return
    const message = `Pterodactyl creates ${path} although the egg says not to.`
    notes.lose('CONFIG_FILE', `/config/files/${index}/createFile`, message)
  })
}

function noteParsers(egg: Egg, hasToml: boolean, notes: LossList): void {
  egg.config.files.forEach(({ path, parser }, index) => {
    if (hasToml || parser !== 'toml') return
    notes.lose(
      'PARSER',
      `/config/files/${index}/parser`,
      `Pterodactyl cannot change ${path}: it has no parser for TOML.`,
    )
  })
}

function noteNetwork(egg: Egg, notes: LossList): void {
  if (egg.forceOutgoingIp) {
    notes.lose('NETWORK', '/forceOutgoingIp', 'That outgoing connections use the address of the server is left out.')
  }
  if (egg.separatePort) notes.lose('NETWORK', '/separatePort', 'That the egg asks for a port of its own is left out.')
}

function noteStop(egg: Egg, notes: LossList): void {
  const { stop, stopType } = egg.config
  if (stopType === null) return
  const isOtherwise = (stopType === 'command' && (stop.startsWith('^') || stop.trim() === '')) || stopType === 'runtime'
  if (!isOtherwise) {
    notes.change('STOP', '/config/stop', 'The kind of stop follows from how it is written.')
    notes.change('STOP', '/config/stopType', 'The kind of stop follows from how it is written.')
    return
  }
  const message =
    stopType === 'runtime'
      ? 'The panel cannot leave the stop to the container runtime; give the egg a command or a signal.'
      : `The panel takes “${stop}” for a signal, or for nothing; it cannot be typed.`
  notes.lose('STOP', '/config/stop', message)
  notes.lose('STOP', '/config/stopType', message)
}

function fitVariable(
  variable: EggVariable,
  pointer: string,
  { isPelican, isOwn }: { readonly isPelican: boolean; readonly isOwn: boolean },
  notes: LossList,
): EggVariable {
  const { secret, nameTranslations: _names, descriptionTranslations: _descriptions, ...rest } = variable
  const name = variable.envVariable
  if (secret) {
    notes.lose('VARIABLE_SECRET', `${pointer}/secret`, `${name} is no longer kept secret; hide it from users instead.`)
  }
  for (const key of ['nameTranslations', 'descriptionTranslations'] as const) {
    if (variable[key]) notes.lose('TRANSLATION', `${pointer}/${key}`, `${name} loses its translations.`)
  }
  const unknown = isOwn ? rest.unknown : rest.unknown.filter(({ key }) => isPelican && key !== 'field_type')
  if (unknown.length < rest.unknown.length) {
    const gone = rest.unknown.filter((item) => !unknown.includes(item)).map(({ key }) => key)
    notes.lose('UNKNOWN_KEY', `${pointer}/unknown`, `${name} loses keys that the panel refuses: ${gone.join(', ')}.`)
  }
  if (isPelican || isOwn) return { ...rest, unknown }
  if (rest.sort !== null) {
    notes.lose(
      'VARIABLE_ORDER',
      `${pointer}/sort`,
      `${name} loses its place in a sorted list; it stays where it is in the egg.`,
    )
  }
  if (rest.rules.every((rule) => rule === '')) {
    notes.change('RULE', `${pointer}/rules`, `${name} has the rule nullable, which accepts all; Pterodactyl wants one.`)
    return { ...rest, sort: null, unknown, rules: ['nullable'] }
  }
  const isSplit = rest.rules.some((rule) => rule.includes('|'))
  if (!isSplit) return { ...rest, sort: null, unknown }
  const message = `Pterodactyl splits the rules of ${name} at a bar inside of a rule; write the pattern without one.`
  notes.lose('RULE', `${pointer}/rules`, message)
  return {
    ...rest,
    sort: null,
    unknown,
    rules: rest.rules
      .join('|')
      .split('|')
      .filter((rule, _, all) => rule !== '' || all.length > 1),
  }
}
