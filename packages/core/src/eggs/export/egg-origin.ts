import type { EggOrigin } from '../model.ts'
import { isMap, pointerTo, treeToJson, type Tree, type TreeMap } from '../tree.ts'
import { readJson } from '../read-json.ts'

interface Notes {
  readonly keys: { pointer: string; keys: string[] }[]
  readonly spelled: { pointer: string; json: string; for: string }[]
  /** An empty list and an empty map are written alike. */
  readonly isEmptyAlike: boolean
}

/** Absence, in the place of JSON text. */
const NOTHING = ''

/**
 * How a file differs from the way in which the same egg would be written again. What the two mean is the same, or the
 * reader would have kept it.
 */
export function findNotation(
  source: TreeMap,
  written: TreeMap,
  encoding: EggOrigin['encoding'],
): Pick<EggOrigin, 'keys' | 'spelled'> {
  const notes: Notes = { keys: [], spelled: [], isEmptyAlike: encoding === 'yaml' }
  compareMaps(notes, source, written, '')
  return {
    ...(notes.keys.length > 0 && { keys: notes.keys }),
    ...(notes.spelled.length > 0 && { spelled: notes.spelled }),
  }
}

function compareMaps(notes: Notes, source: TreeMap, written: TreeMap, pointer: string): void {
  const keys = [...source.keys()]
  if (keys.length !== written.size || [...written.keys()].some((key, index) => key !== keys[index])) {
    notes.keys.push({ pointer, keys })
  }
  for (const [key, value] of source) compare(notes, value, written.get(key), pointerTo(pointer, key))
}

function compare(notes: Notes, source: Tree, written: Tree | undefined, pointer: string): void {
  if (source === written) return
  if (isMap(source) && isMap(written)) return compareMaps(notes, source, written, pointer)
  if (Array.isArray(source) && Array.isArray(written) && source.length === written.length) {
    source.forEach((item, index) => compare(notes, item, written[index], pointerTo(pointer, index)))
    return
  }
  if (notes.isEmptyAlike && isEmpty(source) && isEmpty(written)) return
  const json = treeToJson(source)
  const other = written === undefined ? NOTHING : treeToJson(written)
  if (json !== other) notes.spelled.push({ pointer, json, for: other })
}

/** Writes an egg as its file did, wherever it still says the same. */
export function applyNotation(written: TreeMap, origin: EggOrigin): TreeMap {
  const spelled = new Map(origin.spelled?.map((item) => [item.pointer, item] as const))
  const keys = new Map(origin.keys?.map((item) => [item.pointer, item.keys] as const))

  const apply = (value: Tree | undefined, pointer: string): Tree | undefined => {
    const other = spelled.get(pointer)
    if (other && other.for === (value === undefined ? NOTHING : treeToJson(value))) return readAgain(other.json, value)
    if (Array.isArray(value)) return value.map((item, index) => apply(item, pointerTo(pointer, index)) ?? null)
    return isMap(value) ? applyToMap(value, pointer) : value
  }
  const applyToMap = (map: TreeMap, pointer: string): TreeMap => {
    const result: TreeMap = new Map()
    for (const key of arranged(map, keys.get(pointer))) {
      const value = apply(map.get(key), pointerTo(pointer, key))
      if (value !== undefined) result.set(key, value)
    }
    return result
  }
  return applyToMap(written, '')
}

function readAgain(json: string, fallback: Tree | undefined): Tree | undefined {
  try {
    return readJson(json).tree
  } catch {
    // An egg that somebody wrote by hand may hold anything here; then it is written in the usual way.
    return fallback
  }
}

/** The keys in the order of the file; what it left out is left out while it is empty, anything new is put at its place. */
function arranged(map: TreeMap, keys: readonly string[] | undefined): Iterable<string> {
  if (!keys) return map.keys()
  const known = new Set(keys)
  const start: string[] = []
  const following = new Map<string, string[]>()
  let place = start
  for (const [key, value] of map) {
    if (known.has(key)) following.set(key, (place = []))
    else if (!isLeftOut(key, value)) place.push(key)
  }
  return [...start, ...[...known].flatMap((key) => [key, ...(following.get(key) ?? [])])]
}

const isLeftOut = (key: string, value: Tree): boolean =>
  value === null ||
  value === '' ||
  value === '{}' ||
  value === false ||
  (key === 'field_type' && value === 'text') ||
  (Array.isArray(value) && value.length === 0) ||
  (isMap(value) && [...value].every(([inner, item]) => isLeftOut(inner, item)))

const isEmpty = (value: Tree | undefined): boolean =>
  (Array.isArray(value) && value.length === 0) || (isMap(value) && value.size === 0)
