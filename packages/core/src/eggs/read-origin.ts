import { calagopusTree } from './export/calagopus-tree.ts'
import { findNotation } from './export/egg-origin.ts'
import { panelTree } from './export/panel-tree.ts'
import { CALAGOPUS_JSON, PELICAN_JSON, PTERODACTYL_JSON } from './export/write-json.ts'
import type { Egg, EggFormat, EggOrigin } from './model.ts'
import type { TreeMap } from './tree.ts'

/** The file that an egg was read from. */
export interface EggFile {
  readonly encoding: 'json' | 'yaml'
  /** Undefined where the caller had the egg in memory. */
  readonly text: string | undefined
}

/** How the file is written, as far as the usual way to write the same egg is another one. */
export function readOrigin(map: TreeMap, egg: Egg, format: EggFormat, { encoding, text }: EggFile): EggOrigin {
  const style = encoding === 'json' && text !== undefined ? jsonStyle(text, format) : {}
  switch (format) {
    case 'PTDL_v2':
    case 'PLCN_v3': {
      const icon = format === 'PLCN_v3' && map.has('image') && !map.has('icon') ? ({ iconKey: 'image' } as const) : {}
      const written = panelTree(egg, { format, encoding, ...icon, isSourceTrue: true })
      return { format, encoding, ...style, ...icon, ...findNotation(map, written, encoding) }
    }
    case 'calagopus':
      return { format, encoding, ...style, ...findNotation(map, calagopusTree(egg), 'json') }
    default:
      return { format, encoding }
  }
}

const STYLES = { PTDL_v2: PTERODACTYL_JSON, PLCN_v3: PELICAN_JSON, calagopus: CALAGOPUS_JSON } as const

function jsonStyle(text: string, format: EggFormat): Partial<EggOrigin> {
  if (format !== 'PTDL_v2' && format !== 'PLCN_v3' && format !== 'calagopus') return {}
  const usual = STYLES[format]
  // A backslash before the escape belongs to the text.
  const escapesSlashes = /(?<!\\)(?:\\\\)*\\\//.test(text)
  const isSlashKnown = escapesSlashes || text.includes('/')
  // oxlint-disable-next-line no-control-regex -- everything that is not ASCII
  const isBare = /[^\u0000-\u007f]/.test(text)
  const escapesUnicode = !isBare && /\\u(?!00(?:[01]|26|3[ce]))/i.test(text)
  return {
    ...(/[^\r\n]\n$/.test(text) && { endsWithNewline: true }),
    ...(isSlashKnown && escapesSlashes !== usual.escapesSlashes && { escapesSlashes }),
    ...(/\\u00(?:26|3[ce])/i.test(text) && { escapesHtml: true }),
    ...((isBare || escapesUnicode) && escapesUnicode !== usual.escapesUnicode && { escapesUnicode }),
  }
}
