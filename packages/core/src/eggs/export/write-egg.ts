import type { Egg, EggOrigin } from '../model.ts'
import type { TreeMap } from '../tree.ts'
import { calagopusTree } from './calagopus-tree.ts'
import { LossList } from './egg-loss.ts'
import { applyNotation } from './egg-origin.ts'
import type { ExportedEgg, ExportEggOptions, ExportFormat } from './export-egg.ts'
import { fitCalagopus } from './for-calagopus.ts'
import { fitPanel } from './for-panel.ts'
import { hatcheryTree } from './hatchery-tree.ts'
import { panelTree } from './panel-tree.ts'
import { writeQuotedYaml } from './quoted-yaml.ts'
import { writeSymfonyYaml } from './symfony-yaml.ts'
import { CALAGOPUS_JSON, PELICAN_JSON, PTERODACTYL_JSON, writeJson, type JsonStyle } from './write-json.ts'

/** Writes an egg; what `exportEgg` promises. */
export function writeEgg(egg: Egg, format: ExportFormat, options: ExportEggOptions): ExportedEgg {
  const notes = new LossList()
  const dated: Egg = {
    ...egg,
    ...(options.exportedAt !== undefined && { exportedAt: options.exportedAt }),
    ...(options.uuid !== undefined && { uuid: options.uuid }),
  }
  const origin = egg.origin?.format === format ? egg.origin : undefined
  const encoding = format === 'PTDL_v2' ? 'json' : (options.encoding ?? origin?.encoding ?? 'json')
  const text = textOf(dated, { format, encoding, origin, dialect: options.dialect }, notes)
  return { text, losses: notes.losses, changes: notes.changes }
}

interface Target {
  readonly format: ExportFormat
  readonly encoding: 'json' | 'yaml'
  /** Of a file with this format. */
  readonly origin: EggOrigin | undefined
  readonly dialect: 'pterodactyl' | 'pelican' | undefined
}

function textOf(egg: Egg, target: Target, notes: LossList): string {
  const { format, encoding, origin } = target
  switch (format) {
    case 'PTDL_v2':
    case 'PLCN_v3':
      return panelText(egg, { ...target, format }, notes)
    case 'calagopus': {
      const tree = asInFile(calagopusTree(fitCalagopus(egg, origin !== undefined, notes)), { origin, encoding })
      return encoding === 'yaml' ? writeQuotedYaml(tree) : jsonText(tree, CALAGOPUS_JSON, origin)
    }
    case 'hatchery': {
      const tree = hatcheryTree(egg)
      return encoding === 'yaml' ? writeQuotedYaml(tree) : `${writeJson(tree, CALAGOPUS_JSON)}\n`
    }
    default:
      throw new TypeError(`${JSON.stringify(format satisfies never)} is none of PTDL_v2, PLCN_v3, calagopus, hatchery.`)
  }
}

type PanelTarget = Target & { readonly format: 'PTDL_v2' | 'PLCN_v3' }

function panelText(egg: Egg, { format, encoding, dialect, ...given }: PanelTarget, notes: LossList): string {
  const isPelican = format === 'PLCN_v3'
  const isOwn =
    isPelican || dialect === undefined
      ? given.origin !== undefined
      : dialect === 'pelican' || (given.origin !== undefined && isPterodactyls(egg, given.origin))
  const origin = isOwn ? given.origin : undefined
  const iconKey = origin?.iconKey ?? 'icon'
  const written = panelTree(fitPanel(egg, { format, isOwn }, notes), { format, encoding, iconKey })
  const tree = asInFile(written, { origin, encoding })
  return encoding === 'yaml'
    ? writeSymfonyYaml(tree)
    : jsonText(tree, isPelican ? PELICAN_JSON : PTERODACTYL_JSON, origin)
}

/** Whether a file of PTDL_v2 is in Pterodactyl's own dialect: nothing would be stripped for it, in content or in notation. */
function isPterodactyls(egg: Egg, { keys = [], spelled = [] }: EggOrigin): boolean {
  const fitted = (isOwn: boolean) => JSON.stringify(fitPanel(egg, { format: 'PTDL_v2', isOwn }, new LossList()))
  if (fitted(true) !== fitted(false)) return false
  const hasSort = keys.some((map) => /^\/variables\/\d+$/.test(map.pointer) && map.keys.includes('sort'))
  return !hasSort && !spelled.some(({ pointer, json }) => pointer.endsWith('/rules') && json.startsWith('['))
}

/** The notation of a JSON file says nothing about a YAML file, and the other way round. */
function asInFile(tree: TreeMap, { origin, encoding }: Pick<Target, 'origin' | 'encoding'>): TreeMap {
  if (origin?.encoding !== encoding) return tree
  return applyNotation(tree, origin)
}

function jsonText(tree: TreeMap, style: JsonStyle, origin: EggOrigin | undefined): string {
  const asInFile = origin?.encoding === 'json' ? origin : undefined
  const text = writeJson(tree, {
    ...style,
    escapesSlashes: asInFile?.escapesSlashes ?? style.escapesSlashes,
    escapesUnicode: asInFile?.escapesUnicode ?? style.escapesUnicode,
    escapesHtml: asInFile?.escapesHtml ?? false,
  })
  return asInFile?.endsWithNewline ? `${text}\n` : text
}
