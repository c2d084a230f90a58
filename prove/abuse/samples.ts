import type { TSchema } from 'typebox'

interface Node {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Node>>
  readonly items?: Node
  readonly anyOf?: readonly Node[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly pattern?: string
  readonly minimum?: number
  readonly minLength?: number
  readonly minItems?: number
}

export const NOWHERE = '018f4b1e-0000-7000-8000-000000000000'
const BY_PATTERN: readonly (readonly [RegExp, string])[] = [
  [/\[0-9a-f\]\{8\}-/, NOWHERE],
  [/\[0-9a-f\]\{8\}\(/, NOWHERE],
  [/@/, 'somebody@example.com'],
  [/\\d\+:\\d\+/, '1:1'],
  [/A-Za-z0-9_-\]\{43\}/, 'A'.repeat(43)],
]

/** A value that fits a schema. Names of fields help where the schema says no more than that it is text. */
export function sampleOf(schema: TSchema, name = ''): unknown {
  return sample(schema as Node, name)
}

function sample(node: Node, name: string): unknown {
  if (node.const !== undefined) return node.const
  if (node.enum) return node.enum[0]
  if (node.anyOf) return sample(node.anyOf[0]!, name)
  if (node.properties) {
    return Object.fromEntries(Object.entries(node.properties).map(([key, child]) => [key, sample(child, key)]))
  }
  if (node.items) return Array.from({ length: Math.max(1, node.minItems ?? 0) }, () => sample(node.items!, name))
  if (node.type === 'integer' || node.type === 'number') return node.minimum ?? 1
  if (node.type === 'boolean') return false
  if (node.type === 'object') return {}
  if (node.type !== 'string') return null
  const known = BY_PATTERN.find(([form]) => node.pattern !== undefined && form.test(node.pattern))
  if (known) return known[1]
  if (name === 'ip') return '127.0.0.1'
  if (name === 'ports') return '1024'
  return 'word'.repeat(Math.ceil((node.minLength ?? 1) / 4))
}

/** Values that fit nearly nothing, or fit and should do no harm. */
export const HOSTILE: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  2 ** 31,
  2 ** 53,
  1e308,
  '',
  ' ',
  'x'.repeat(100_000),
  'a\u0000b',
  '\ud800',
  '\u202egpj.exe',
  '\u001b]0;title\u0007\u001b[2J',
  "' OR 1=1 --",
  '%_\\',
  '../../etc/passwd',
  '/etc/passwd',
  '<img src=x onerror=alert(1)>',
  '{{7*7}}${7*7}<%=7*7%>',
  '%s%n%x',
  '__proto__',
  'constructor',
  'NaN',
  '9'.repeat(400),
  [],
  {},
  ['x'],
  [[[[]]]],
  { $ne: 1 },
  { length: 1e9 },
  { toString: 1 },
]

/** Paths to all fields of a value, outermost first. */
export function fieldsOf(value: unknown, depth = 3): string[][] {
  if (typeof value !== 'object' || value === null || depth === 0) return []
  return Object.entries(value).flatMap(([key, child]) => [
    [key],
    ...fieldsOf(child, depth - 1).map((rest) => [key, ...rest]),
  ])
}

/** A copy with one field replaced; `undefined` removes it. */
export function withField(value: unknown, [key = '', ...rest]: readonly string[], field: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map((item, index) =>
      String(index) === key ? (rest.length > 0 ? withField(item, rest, field) : field) : item,
    )
  }
  const copy = { ...(value as Record<string, unknown>) }
  if (rest.length > 0) copy[key] = withField(copy[key], rest, field)
  else if (field === undefined) delete copy[key]
  else copy[key] = field
  return copy
}

/** A repeatable source of chance. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** `count` of the items, in their order. */
export function pick<T>(items: readonly T[], count: number, random: () => number): readonly T[] {
  if (items.length <= count) return items
  const chosen = new Set<number>()
  while (chosen.size < count) chosen.add(Math.floor(random() * items.length))
  return [...chosen].sort((left, right) => left - right).map((index) => items[index]!)
}
