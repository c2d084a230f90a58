export type PathStep =
  | { readonly kind: 'key'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'all' }

/** Deeper than any file; what is made along a path must be readable again. */
const MAX_STEPS = 64

/** Reads `listeners[0].host`, `list.0` and `servers.*.address`; null for a path of more than 64 steps, which leads nowhere. */
export function parseConfigPath(match: string): PathStep[] | null {
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
  return steps.length > MAX_STEPS ? null : steps
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
 * what stands there where it can; where nothing stands, a whole number becomes one. A whole number that a double cannot
 * hold, such as a Steam id, is a bigint.
 */
export function typedLike(value: unknown, present: unknown): unknown {
  if (typeof value !== 'string') return value ?? ''
  switch (typeof present) {
    case 'string':
      return value
    case 'number':
    case 'bigint':
      return isWhole(value) ? wholeNumber(value) : isNumber(value) ? Number(value) : value
    case 'boolean':
      if (/^(?:true|1)$/i.test(value)) return true
      return /^(?:false|0)$/i.test(value) ? false : value
    default:
      return isWhole(value) && value !== '-0' ? wholeNumber(value) : value
  }
}

/** The digits that a number of 64 bits has at most. */
const isWhole = (value: string): boolean => /^-?(?:0|[1-9]\d{0,18})$/.test(value)

const isNumber = (value: string): boolean =>
  /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(value) && Math.abs(Number(value)) <= Number.MAX_SAFE_INTEGER

/** A number where it is exact, otherwise a bigint. */
export function wholeNumber(digits: string): number | bigint {
  const number = Number(digits)
  return Number.isSafeInteger(number) ? number : BigInt(digits)
}

/** JSON, with whole numbers of any size. */
export function printJson(value: unknown, indent: string): string {
  const bigints: bigint[] = []
  const marked = JSON.stringify(
    value,
    (_key, item: unknown) => (typeof item === 'bigint' ? `\0${bigints.push(item) - 1}\0` : item),
    indent,
  )
  if (bigints.length === 0) return marked ?? 'null'
  return marked.replace(/"\\u0000(\d+)\\u0000"/g, (text, index: string) => String(bigints[Number(index)] ?? text))
}
