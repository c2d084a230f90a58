import { ConfigPatchError } from './replacement.ts'

export interface JsonEntry {
  readonly key: string
  readonly keyStart: number
  readonly value: JsonNode
}

export type JsonNode =
  | { readonly kind: 'map'; readonly start: number; readonly end: number; readonly entries: readonly JsonEntry[] }
  | { readonly kind: 'list'; readonly start: number; readonly end: number; readonly items: readonly JsonNode[] }
  | {
      readonly kind: 'scalar'
      readonly start: number
      readonly end: number
      readonly value: string | number | boolean | null
    }

const BLANK = /(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y
// oxlint-disable-next-line no-control-regex -- a text in JSON cannot hold them
const SCALAR = /"[^"\\\u0000-\u001f]*(?:\\.[^"\\\u0000-\u001f]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y
const MAX_DEPTH = 200

/**
 * Reads JSON with offsets; comments and trailing commas are let through, as many games do.
 * @throws ConfigPatchError
 */
export function readJsonNodes(text: string): JsonNode {
  let at = 0
  const fail = (): never => {
    const line = text.slice(0, at).split('\n').length
    throw new ConfigPatchError(`The JSON is broken in line ${line}; it is left as it is.`)
  }
  const skip = () => {
    BLANK.lastIndex = at
    at += BLANK.exec(text)?.[0].length ?? 0
  }
  const scalar = (): Extract<JsonNode, { kind: 'scalar' }> => {
    SCALAR.lastIndex = at
    const found = SCALAR.exec(text)?.[0]
    if (found === undefined) return fail()
    const start = at
    at += found.length
    try {
      return { kind: 'scalar', start, end: at, value: JSON.parse(found) as string | number | boolean | null }
    } catch {
      // A bad escape inside a text: reported with its line.
      return fail()
    }
  }
  const value = (depth: number): JsonNode => {
    if (depth > MAX_DEPTH) throw new ConfigPatchError('The JSON is nested too deeply; it is left as it is.')
    skip()
    const start = at
    if (text[at] === '{') {
      const entries: JsonEntry[] = []
      at++
      for (skip(); text[at] !== '}'; skip()) {
        const key = scalar()
        if (typeof key.value !== 'string') return fail()
        skip()
        if (text[at] !== ':') return fail()
        at++
        entries.push({ key: key.value, keyStart: key.start, value: value(depth + 1) })
        skip()
        if (text[at] === ',') at++
        else if (text[at] !== '}') return fail()
      }
      return { kind: 'map', start, end: ++at, entries }
    }
    if (text[at] === '[') {
      const items: JsonNode[] = []
      at++
      for (skip(); text[at] !== ']'; skip()) {
        items.push(value(depth + 1))
        skip()
        if (text[at] === ',') at++
        else if (text[at] !== ']') return fail()
      }
      return { kind: 'list', start, end: ++at, items }
    }
    return scalar()
  }
  const root = value(0)
  skip()
  return at < text.length ? fail() : root
}
