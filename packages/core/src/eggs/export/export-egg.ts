import type { Egg, EggOrigin } from '../model.ts'
import type { TreeMap } from '../tree.ts'
import type { EggLoss } from './egg-loss.ts'
import { LossList } from './egg-loss.ts'
import type { JsonStyle } from './write-json.ts'

export type ExportFormat = 'PTDL_v2' | 'PLCN_v3' | 'calagopus' | 'hatchery'

export interface ExportEggOptions {
  /** PTDL_v2 is always JSON. @default that of the file that the egg was read from, where it had the same format; else JSON */
  readonly encoding?: 'json' | 'yaml'
  /** When the file is written, as in `2026-03-01T12:00:00+00:00`. @default that of the egg */
  readonly exportedAt?: string | null
  /** @default that of the egg */
  readonly uuid?: string | null
  /**
   * PTDL_v2 has two dialects: Pterodactyl's, and that of the first Pelican, with `uuid`, `tags` and `sort`, which
   * Pterodactyl refuses. @default the one of the file that the egg was read from, where that was PTDL_v2; else Pterodactyl's
   */
  readonly dialect?: 'pterodactyl' | 'pelican'
}

export interface ExportedEgg {
  readonly text: string
  /** What the format cannot hold. */
  readonly losses: readonly EggLoss[]
  /** What is written in another way and means the same to the panel that reads it. */
  readonly changes: readonly EggLoss[]
}

/**
 * Writes an egg as a file of the panel that reads this format. An egg that was read from a file of the same format is
 * written as it was; where the panel itself had written that file, byte for byte. The writers are loaded when they are
 * needed.
 *
 * @example
 * const { text, losses } = await exportEgg(egg, 'PLCN_v3', { encoding: 'yaml' })
 */
export async function exportEgg(egg: Egg, format: ExportFormat, options: ExportEggOptions = {}): Promise<ExportedEgg> {
  const notes = new LossList()
  const dated: Egg = {
    ...egg,
    ...(options.exportedAt !== undefined && { exportedAt: options.exportedAt }),
    ...(options.uuid !== undefined && { uuid: options.uuid }),
  }
  const origin = egg.origin?.format === format ? egg.origin : undefined
  const encoding = format === 'PTDL_v2' ? 'json' : (options.encoding ?? origin?.encoding ?? 'json')
  const text = await writeEgg(dated, { format, encoding, origin, dialect: options.dialect }, notes)
  return { text, losses: notes.losses, changes: notes.changes }
}

interface Target {
  readonly format: ExportFormat
  readonly encoding: 'json' | 'yaml'
  /** Of a file with this format. */
  readonly origin: EggOrigin | undefined
  readonly dialect: 'pterodactyl' | 'pelican' | undefined
}

async function writeEgg(egg: Egg, target: Target, notes: LossList): Promise<string> {
  const { format, encoding, origin } = target
  const json = await import('./write-json.ts')
  switch (format) {
    case 'PTDL_v2':
    case 'PLCN_v3': {
      const { fitPanel } = await import('./for-panel.ts')
      const isOwn =
        target.dialect === undefined ? origin !== undefined : target.dialect === 'pelican' && format === 'PTDL_v2'
      const { panelTree } = await import('./panel-tree.ts')
      const fitted = fitPanel(egg, { format, isOwn: format === 'PLCN_v3' ? origin !== undefined : isOwn }, notes)
      const tree = await asInFile(
        panelTree(fitted, { format, encoding, ...(origin?.iconKey && { iconKey: origin.iconKey }) }),
        { ...target, origin: isOwn ? origin : undefined },
      )
      if (encoding === 'json') {
        return written(tree, format === 'PTDL_v2' ? json.PTERODACTYL_JSON : json.PELICAN_JSON, json.writeJson, origin)
      }
      const { writeSymfonyYaml } = await import('./symfony-yaml.ts')
      return writeSymfonyYaml(tree)
    }
    case 'calagopus': {
      const { fitCalagopus } = await import('./for-calagopus.ts')
      const { calagopusTree } = await import('./calagopus-tree.ts')
      const tree = await asInFile(calagopusTree(fitCalagopus(egg, origin !== undefined, notes)), target)
      if (encoding === 'json') return written(tree, json.CALAGOPUS_JSON, json.writeJson, origin)
      return (await import('./quoted-yaml.ts')).writeQuotedYaml(tree)
    }
    case 'hatchery': {
      const { hatcheryTree } = await import('./hatchery-tree.ts')
      const tree = hatcheryTree(egg)
      if (encoding === 'json') return `${json.writeJson(tree, json.CALAGOPUS_JSON)}\n`
      return (await import('./quoted-yaml.ts')).writeQuotedYaml(tree)
    }
    default:
      return format satisfies never
  }
}

/** The notation of a JSON file says nothing about a YAML file, and the other way round. */
async function asInFile(tree: TreeMap, { origin, encoding }: Target): Promise<TreeMap> {
  if (origin?.encoding !== encoding) return tree
  const { applyNotation } = await import('./egg-origin.ts')
  return applyNotation(tree, origin)
}

function written(
  tree: TreeMap,
  style: JsonStyle,
  write: (tree: TreeMap, style: JsonStyle) => string,
  origin: EggOrigin | undefined,
): string {
  const asInFile = origin?.encoding === 'json' ? origin : undefined
  const text = write(tree, {
    ...style,
    escapesSlashes: asInFile?.escapesSlashes ?? style.escapesSlashes,
    escapesUnicode: asInFile?.escapesUnicode ?? style.escapesUnicode,
    escapesHtml: asInFile?.escapesHtml ?? false,
  })
  return asInFile?.endsWithNewline ? `${text}\n` : text
}
