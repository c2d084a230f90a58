import type { Egg, EggFormat } from './model.ts'
import type { ParsedEgg, ParseEggOptions } from './parse.ts'
import { readJson } from './read-json.ts'
import { isCalagopus, readCalagopusEgg } from './read-calagopus.ts'
import { isHatchery, readHatcheryEgg } from './read-hatchery.ts'
import { readPanelEgg } from './read-panel-egg.ts'
import { readOrigin, type EggFile } from './read-origin.ts'
import { TreeReader } from './reader.ts'
import { MAX_BYTES, ReadError, holdsNul, isMap, treeFromValue, type ReadResult, type TreeMap } from './tree.ts'

const PANEL_FORMATS: readonly EggFormat[] = ['PTDL_v1', 'PTDL_v2', 'PLCN_v1', 'PLCN_v2', 'PLCN_v3']

/** Reads an egg; what `parseEgg` promises. */
export async function readEgg(input: string | Uint8Array | object, options: ParseEggOptions): Promise<ParsedEgg> {
  const reader = new TreeReader()
  const end = (egg: Egg | null, format: EggFormat | null): ParsedEgg => ({
    egg,
    format,
    diagnostics: reader.diagnostics,
  })

  let read: ReadResult & EggFile
  try {
    read = await readInput(input, options)
    if (holdsNul(read.tree)) throw new ReadError('EGG_NOT_TEXT', 'A text of the egg holds a NUL character; remove it.')
  } catch (error) {
    if (!(error instanceof ReadError)) throw error
    reader.note('error', error.code, '', error.message)
    return end(null, null)
  }
  for (const pointer of read.duplicates) {
    reader.note('warning', 'EGG_KEY_DUPLICATE', pointer, 'The key stands twice; the last one counts, remove the other.')
  }
  if (!isMap(read.tree)) {
    reader.note(
      'error',
      'EGG_NOT_A_MAP',
      '',
      'An egg is a map with `meta`, `name`, `startup` and so on; use an egg file.',
    )
    return end(null, null)
  }
  const format = formatOf(read.tree)
  if (format === null) {
    const message = `Set meta.version to one of ${PANEL_FORMATS.join(', ')}; without it this is not known to be an egg.`
    reader.note('error', 'EGG_FORMAT_UNKNOWN', '/meta/version', message)
    return end(null, null)
  }
  if (format === 'hatchery') return end(readHatcheryEgg(reader, read.tree), format)
  const egg = format === 'calagopus' ? readCalagopusEgg(reader, read.tree) : readPanelEgg(reader, read.tree, format)
  return end({ ...egg, origin: readOrigin(read.tree, egg, format, read) }, format)
}

function formatOf(map: TreeMap): EggFormat | null {
  if (isHatchery(map)) return 'hatchery'
  if (isCalagopus(map)) return 'calagopus'
  const meta = map.get('meta')
  const version = isMap(meta) ? meta.get('version') : undefined
  return PANEL_FORMATS.find((format) => format === version) ?? null
}

async function readInput(input: string | Uint8Array | object, options: ParseEggOptions): Promise<ReadResult & EggFile> {
  if (typeof input !== 'string' && !(input instanceof Uint8Array)) {
    return { tree: treeFromValue(input), duplicates: [], encoding: 'json', text: undefined }
  }
  if (input.length > MAX_BYTES) {
    throw new ReadError('EGG_TOO_LARGE', `The file is larger than ${MAX_BYTES} bytes; an egg is a few kilobytes.`)
  }
  const text = (typeof input === 'string' ? input : decode(input)).replace(/^\uFEFF/, '')
  const isYaml = /\.ya?ml$/i.test(options.fileName ?? '')
  if (!isYaml && /^\s*[[{]/.test(text)) return { ...readJson(text), encoding: 'json', text }
  const { readYaml } = await import('./read-yaml.ts')
  return { ...readYaml(text), encoding: 'yaml', text }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new ReadError('EGG_NOT_TEXT', 'The file is not UTF-8 text; save it as UTF-8.', { cause: error })
  }
}
