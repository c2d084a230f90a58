export type PathStep =
  | { readonly kind: 'key'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'all' }

/** Reads `listeners[0].host`, `list.0` and `servers.*.address`. */
export function parseConfigPath(match: string): PathStep[] {
  const steps: PathStep[] = []
  for (const part of match.split('.')) {
    if (part === '*') {
      steps.push({ kind: 'all' })
      continue
    }
    const indexed = /^([^[\]]*)((?:\[\d{1,6}\])+)$/.exec(part)
    if (!indexed) {
      steps.push({ kind: 'key', name: part })
      continue
    }
    const [, name = '', indexes = ''] = indexed
    if (name !== '') steps.push({ kind: 'key', name })
    for (const [, index] of indexes.matchAll(/\[(\d+)\]/g)) steps.push({ kind: 'index', index: Number(index) })
  }
  return steps
}

/** The place in a list that a step names: `[0]`, or a plain number. */
export function listIndexOf(step: PathStep): number | undefined {
  if (step.kind === 'index') return step.index
  return step.kind === 'key' && /^\d{1,6}$/.test(step.name) ? Number(step.name) : undefined
}

/** The value that the steps lead to, wrapped in the maps and lists that are missing on the way; undefined for a wildcard. */
export function wrapMissing(steps: readonly PathStep[], value: unknown): unknown {
  let result = value
  for (const step of steps.toReversed()) {
    if (step.kind === 'all') return undefined
    if (step.kind === 'key') result = Object.fromEntries([[step.name, result]])
    else if (step.index === 0) result = [result]
    else return undefined
  }
  return result
}

/**
 * The type that a value gets in a structured file: a boolean or number of the egg stays one; a text takes the type of
 * what stands there where it can; where nothing stands, a whole number becomes one.
 */
export function typedLike(value: unknown, present: unknown): unknown {
  if (typeof value !== 'string') return value ?? ''
  switch (typeof present) {
    case 'string':
      return value
    case 'number':
    case 'bigint':
      return isPlainNumber(value) ? Number(value) : value
    case 'boolean':
      if (/^(?:true|1)$/i.test(value)) return true
      return /^(?:false|0)$/i.test(value) ? false : value
    default:
      return /^-?(?:0|[1-9]\d*)$/.test(value) && Number.isSafeInteger(Number(value)) ? Number(value) : value
  }
}

const isPlainNumber = (value: string): boolean =>
  /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/.test(value) && Math.abs(Number(value)) <= Number.MAX_SAFE_INTEGER
