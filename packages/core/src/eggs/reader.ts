import type { EggDiagnostic, EggDiagnosticCode, EggDiagnosticSeverity, Labelled } from './model.ts'
import { isMap, pointerTo, type Tree, type TreeMap } from './tree.ts'

/** Takes values out of a tree as the panels would, and notes what is not as it should be. */
export class TreeReader {
  readonly diagnostics: EggDiagnostic[] = []

  note(severity: EggDiagnosticSeverity, code: EggDiagnosticCode, pointer: string, message: string): void {
    // A hostile file could cause one for each value; a person reads the first few.
    if (this.diagnostics.length < 200) this.diagnostics.push({ code, severity, pointer, message })
  }

  /** A scalar as text; `fallback` where the key is missing, null or of another kind. */
  text(map: TreeMap, key: string, pointer: string, fallback = ''): string {
    const value = map.get(key)
    if (value === undefined || value === null) return fallback
    if (typeof value === 'string') return value
    if (isMap(value) || Array.isArray(value)) {
      if (!isEmpty(value)) this.#wrongType(pointerTo(pointer, key), 'a text')
      return fallback
    }
    return String(value)
  }

  optionalText(map: TreeMap, key: string, pointer: string): string | null {
    const value = map.get(key)
    return value === undefined || value === null ? null : this.text(map, key, pointer)
  }

  flag(map: TreeMap, key: string, fallback: boolean): boolean {
    const value = map.get(key)
    if (value === undefined || value === null) return fallback
    return value !== false && value !== 0 && value !== '' && value !== '0' && value !== 'false'
  }

  /** A list of texts; an empty map, an empty text and null mean an empty list. */
  texts(map: TreeMap, key: string, pointer: string): string[] {
    const value = map.get(key)
    if (value === undefined || value === null || value === '') return []
    const here = pointerTo(pointer, key)
    if (typeof value === 'string') return [value]
    const items = Array.isArray(value) ? value : isMap(value) ? [...value.values()] : []
    if (!Array.isArray(value) && !isMap(value)) this.#wrongType(here, 'a list of texts')
    const result: string[] = []
    items.forEach((item, index) => {
      if (typeof item === 'object' && item !== null) this.#wrongType(pointerTo(here, index), 'a text')
      else if (item !== null) result.push(String(item))
    })
    return result
  }

  /** A map of label to text, in the order of the file; a list stands for labels that equal their values. */
  labelled(value: Tree | undefined, pointer: string): Labelled[] {
    if (value === undefined || value === null || value === '') return []
    if (!isMap(value) && !Array.isArray(value)) {
      this.#wrongType(pointer, 'a map from label to text')
      return []
    }
    const pairs: [string | null, Tree][] = isMap(value) ? [...value] : value.map((item) => [null, item])
    const result: Labelled[] = []
    pairs.forEach(([label, item], index) => {
      if (item === null || typeof item === 'object') {
        this.#wrongType(pointerTo(pointer, label ?? index), 'a text')
        return
      }
      result.push({ label: label ?? String(item), value: String(item) })
    })
    return result
  }

  /** A map; an empty list, an empty text and null stand for an empty one. */
  map(value: Tree | undefined, pointer: string): TreeMap {
    if (isMap(value)) return value
    if (value !== undefined && value !== null && !isEmpty(value)) this.#wrongType(pointer, 'a map')
    return new Map()
  }

  list(value: Tree | undefined, pointer: string): Tree[] {
    if (Array.isArray(value)) return value
    if (value !== undefined && value !== null && !isEmpty(value)) this.#wrongType(pointer, 'a list')
    return []
  }

  #wrongType(pointer: string, wanted: string): void {
    this.note('warning', 'EGG_KEY_TYPE', pointer, `The value is ignored; write ${wanted} here.`)
  }
}

const isEmpty = (value: Tree): boolean =>
  value === '' || (Array.isArray(value) && value.length === 0) || (isMap(value) && value.size === 0)
