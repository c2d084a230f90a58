import { isAlias, isMap, isScalar, isSeq, type Document, type Node } from 'yaml'
import { MAX_DEPTH, MAX_NODES, ReadError, pointerTo, type ReadResult, type Tree, type TreeMap } from './tree.ts'
import { YamlError, readYamlDocument } from './yaml-document.ts'

/**
 * Reads YAML 1.2 with the core schema and merge keys. Aliases are copied, and every copy counts, so that a small file cannot become a
 * large tree.
 * @throws ReadError
 */
export function readYaml(text: string): ReadResult {
  const document = parse(text)
  const duplicates: string[] = []
  const anchors = new Map<string, Node>()
  let nodes = 0

  const read = (node: unknown, pointer: string, depth: number): Tree => {
    if (++nodes > MAX_NODES) {
      throw new ReadError('EGG_TOO_LARGE', `The YAML has more than ${MAX_NODES} values; aliases count each time.`)
    }
    if (depth > MAX_DEPTH) throw new ReadError('EGG_TOO_DEEP', `The YAML is nested deeper than ${MAX_DEPTH} levels.`)
    if (isAlias(node)) return read(anchors.get(node.source) ?? null, pointer, depth + 1)
    if (isMap(node)) {
      if (node.anchor !== undefined) anchors.set(node.anchor, node)
      const map: TreeMap = new Map()
      const merged = new Set<string>()
      for (const { key, value } of node.items) {
        const name = keyOf(read(key, pointer, depth + 1))
        const here = pointerTo(pointer, name)
        const item = read(value, here, depth + 1)
        if (isMergeKey(key)) {
          merge(map, merged, item)
          continue
        }
        if (map.has(name) && !merged.delete(name)) duplicates.push(here)
        map.set(name, item)
      }
      return map
    }
    if (isSeq(node)) {
      if (node.anchor !== undefined) anchors.set(node.anchor, node)
      return node.items.map((item, index) => read(item, pointerTo(pointer, index), depth + 1))
    }
    if (isScalar(node)) {
      if (node.anchor !== undefined) anchors.set(node.anchor, node)
      return scalarOf(node.value)
    }
    return null
  }
  return { tree: read(document.contents, '', 0), duplicates }
}

/** Symfony, which Pelican reads with, knows `<<` from YAML 1.1: the keys of another map, unless they are given. */
const isMergeKey = (key: unknown): boolean => isScalar(key) && key.value === '<<' && key.type === 'PLAIN'

function merge(map: TreeMap, merged: Set<string>, source: Tree): void {
  for (const other of Array.isArray(source) ? source : [source]) {
    if (!(other instanceof Map)) continue
    for (const [name, item] of other) {
      if (map.has(name)) continue
      map.set(name, item)
      merged.add(name)
    }
  }
}

function parse(text: string): Document.Parsed {
  try {
    return readYamlDocument(text, { intAsBigInt: true })
  } catch (error) {
    if (!(error instanceof YamlError)) throw error
    throw new ReadError(
      error.isTooLarge ? 'EGG_TOO_LARGE' : 'EGG_SYNTAX',
      `The YAML cannot be read: ${error.message}.`,
      {
        cause: error,
      },
    )
  }
}

function scalarOf(value: unknown): Tree {
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : value
  }
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number') return value
  return value === null || value === undefined ? null : String(value)
}

function keyOf(key: Tree): string {
  if (typeof key === 'object' && key !== null) {
    throw new ReadError('EGG_SYNTAX', 'The YAML uses a list or a map as a key; write the key as text.')
  }
  return String(key)
}
