import { PARSERS } from './config-parsers.ts'
import type { EggConfig, EggConfigFile, EggReplacement } from './model.ts'
import { readJson } from './read-json.ts'
import type { TreeReader } from './reader.ts'
import { ReadError, isMap, pointerTo, treeToJson, treeToValue, unknownKeys, type Tree, type TreeMap } from './tree.ts'

export const PANEL_CONFIG_KEYS: ReadonlySet<string> = new Set(['files', 'startup', 'logs', 'stop'])
export const STARTUP_KEYS: ReadonlySet<string> = new Set(['done', 'strip_ansi'])
export const PANEL_FILE_KEYS: ReadonlySet<string> = new Set(['parser', 'find', 'create_file'])

/** Reads `config` of a Pterodactyl or Pelican egg: each part is a map, or JSON inside a text. */
export function readConfig(reader: TreeReader, value: Tree | undefined, pointer: string): EggConfig {
  const config = reader.map(value, pointer)
  const source: { files?: string; startup?: string; logs?: string } = {}
  const part = (key: 'files' | 'startup' | 'logs'): Tree => {
    const raw = config.get(key) ?? null
    if (typeof raw !== 'string') return raw
    source[key] = raw
    return readEmbedded(reader, raw, pointerTo(pointer, key))
  }

  const files = readFiles(reader, part('files'), pointerTo(pointer, 'files'))
  const startup = reader.map(part('startup'), pointerTo(pointer, 'startup'))
  const logs = part('logs')
  return {
    files,
    done: readDone(reader, startup, pointerTo(pointer, 'startup')),
    stripAnsi: reader.flag(startup, 'strip_ansi', false),
    stop: reader.text(config, 'stop', pointer),
    stopType: null,
    logs: logs === null ? null : treeToJson(logs),
    startupUnknown: unknownKeys(startup, STARTUP_KEYS),
    unknown: unknownKeys(config, PANEL_CONFIG_KEYS),
    source,
  }
}

/** The JSON inside a text; null where it is empty or broken. */
export function readEmbedded(reader: TreeReader, text: string, pointer: string): Tree {
  if (text.trim() === '') return null
  try {
    return readJson(text).tree
  } catch (error) {
    if (!(error instanceof ReadError)) throw error
    reader.note('error', 'EGG_CONFIG_SYNTAX', pointer, `Correct the JSON inside this text. ${error.message}`)
    return null
  }
}

export function readDone(reader: TreeReader, startup: TreeMap, pointer: string): string[] {
  const done = startup.get('done')
  if (done === undefined || done === null) return []
  return typeof done === 'string' ? [done] : reader.texts(startup, 'done', pointer)
}

export function readFiles(reader: TreeReader, value: Tree, pointer: string): EggConfigFile[] {
  const files: EggConfigFile[] = []
  for (const [path, entry] of reader.map(value, pointer)) {
    const here = pointerTo(pointer, path)
    if (!isMap(entry) || !entry.has('find')) {
      reader.note('warning', 'EGG_CONFIG_FILE_SKIPPED', here, 'The file is skipped; give it `parser` and `find`.')
      continue
    }
    const parser = reader.text(entry, 'parser', here)
    if (!PARSERS.has(parser)) {
      reader.note('warning', 'EGG_PARSER_UNKNOWN', pointerTo(here, 'parser'), `Use one of ${[...PARSERS].join(', ')}.`)
    }
    files.push({
      path,
      parser,
      createFile: reader.flag(entry, 'create_file', true),
      replace: readFind(reader.map(entry.get('find'), pointerTo(here, 'find'))),
      unknown: unknownKeys(entry, PANEL_FILE_KEYS),
    })
  }
  return files
}

/** A map or a list behind a match means: where the value is the key, write the item. */
export function readFind(find: TreeMap): EggReplacement[] {
  const replace: EggReplacement[] = []
  for (const [match, value] of find) {
    if (isMap(value)) {
      for (const [ifValue, item] of value) replace.push({ match, ifValue, value: treeToValue(item) })
    } else if (Array.isArray(value)) {
      value.forEach((item, index) => replace.push({ match, ifValue: String(index), value: treeToValue(item) }))
    } else {
      replace.push({ match, ifValue: null, value: treeToValue(value) })
    }
  }
  return replace
}
