import type { Egg } from '../model.ts'
import type { EggEdit, EggFinding } from './finding.ts'

type Node = Record<string, unknown> | unknown[]

/**
 * The egg with the edits of these findings made; findings without an edit are left to a person. Edits that do not fit the
 * egg are passed over.
 */
export function fixEgg(egg: Egg, findings: readonly EggFinding[]): Egg {
  const fixed = structuredClone(egg)
  const edits = findings.flatMap(({ edit }) => (edit ? [edit] : []))
  // Values first, while the places are still right; then what goes, from the end.
  for (const edit of edits) if (edit.op === 'replace') replaceAt(fixed as unknown as Node, edit.path, edit.value)
  for (const edit of edits.filter(({ op }) => op === 'remove').toSorted(fromTheEnd)) {
    removeAt(fixed as unknown as Node, edit.path)
  }
  return fixed
}

function fromTheEnd(one: EggEdit, other: EggEdit): number {
  return other.path.localeCompare(one.path, 'en', { numeric: true })
}

const keysOf = (path: string): string[] =>
  path
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))

function parentOf(root: Node, path: string): { readonly parent: Node; readonly key: string } | null {
  const keys = keysOf(path)
  const key = keys.pop()
  let at: unknown = root
  for (const name of keys) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return null
    at = (at as Record<string, unknown>)[name]
  }
  if (key === undefined || typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return null
  return { parent: at as Node, key }
}

function replaceAt(root: Node, path: string, value: unknown): void {
  const place = parentOf(root, path)
  if (place) (place.parent as Record<string, unknown>)[place.key] = value
}

function removeAt(root: Node, path: string): void {
  const place = parentOf(root, path)
  if (!place) return
  if (Array.isArray(place.parent)) place.parent.splice(Number(place.key), 1)
  else delete place.parent[place.key]
}
