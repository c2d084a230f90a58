import type { Json, UnknownKey } from './model.ts'

/**
 * A file as it was read. Maps instead of objects: they keep the order of integer-like keys, and `__proto__` is a key
 * like any other. Whole numbers beyond 2^53 are bigints.
 */
export type Tree = null | boolean | number | bigint | string | Tree[] | TreeMap
export type TreeMap = Map<string, Tree>

export const MAX_BYTES = 1024 * 1024
export const MAX_DEPTH = 64
export const MAX_NODES = 200_000

/** The input cannot be read; `code` and `message` become a diagnostic. */
export class ReadError extends Error {
  readonly code: 'EGG_SYNTAX' | 'EGG_TOO_DEEP' | 'EGG_TOO_LARGE' | 'EGG_NOT_TEXT'

  constructor(code: ReadError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ReadError'
    this.code = code
  }
}

export interface ReadResult {
  readonly tree: Tree
  /** JSON pointers of keys that stand more than once; the last one counts. */
  readonly duplicates: readonly string[]
}

export const isMap = (value: Tree | undefined): value is TreeMap => value instanceof Map

/** Whether a key or a text has a NUL: no environment variable, file name or database column can hold one. */
export function holdsNul(tree: Tree): boolean {
  if (typeof tree === 'string') return tree.includes('\0')
  if (Array.isArray(tree)) return tree.some(holdsNul)
  return isMap(tree) && [...tree].some(([key, value]) => key.includes('\0') || holdsNul(value))
}

export function pointerTo(parent: string, key: string | number): string {
  // Most keys are plain words, and every value of every egg has a pointer.
  const isPlain = typeof key === 'number' || !/[~/]/.test(key)
  return `${parent}/${isPlain ? key : key.replaceAll('~', '~0').replaceAll('/', '~1')}`
}

/** Writes JSON without losing order or digits. */
export function treeToJson(value: Tree): string {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'number') return Number.isFinite(value) ? JSON.stringify(value) : 'null'
  if (Array.isArray(value)) return `[${value.map(treeToJson).join(',')}]`
  if (isMap(value))
    return `{${[...value].map(([key, item]) => `${JSON.stringify(key)}:${treeToJson(item)}`).join(',')}}`
  return JSON.stringify(value)
}

/** A plain value for the model. Own properties only: a key `__proto__` stays a key. */
export function treeToValue(value: Tree): Json {
  if (typeof value === 'bigint') {
    const number = Number(value)
    return String(number) === value.toString() ? number : value.toString()
  }
  // JSON is written without minus zero, which this makes a zero.
  if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : null
  if (Array.isArray(value)) return value.map(treeToValue)
  if (!isMap(value)) return value
  return Object.fromEntries(Array.from(value, ([key, item]) => [key, treeToValue(item)] as const))
}

/** The keys of `map` outside `known`, as JSON text. */
export const unknownKeys = (map: TreeMap, known: ReadonlySet<string>): UnknownKey[] =>
  [...map].filter(([key]) => !known.has(key)).map(([key, value]) => ({ key, json: treeToJson(value) }))

/**
 * Reads a value that a caller already has in memory.
 * @throws ReadError unless `isTrusted`: an egg that was read has no more than it may have
 */
export function treeFromValue(input: unknown, isTrusted = false): Tree {
  let nodes = 0
  const read = (value: unknown, depth: number): Tree => {
    if (++nodes > MAX_NODES && !isTrusted)
      throw new ReadError('EGG_TOO_LARGE', `The egg has more than ${MAX_NODES} values.`)
    if (depth > MAX_DEPTH && !isTrusted)
      throw new ReadError('EGG_TOO_DEEP', `The egg is nested deeper than ${MAX_DEPTH} levels.`)
    if (value === null || value === undefined) return null
    if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number') return value
    if (typeof value === 'bigint') return value
    if (Array.isArray(value)) return Array.from(value, (item) => read(item, depth + 1))
    if (value instanceof Map) {
      return new Map(Array.from(value, ([key, item]) => [String(key), read(item, depth + 1)] as const))
    }
    if (typeof value !== 'object') return null
    return new Map(Object.entries(value).map(([key, item]) => [key, read(item, depth + 1)] as const))
  }
  return read(input, 0)
}
