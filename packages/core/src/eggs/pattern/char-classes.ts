import { once } from '../once.ts'
import { DIGITS, PatternError, SPACES, WORDS, charSet, weighed, type CharSet } from './pattern-tree.ts'

export const POSIX: Readonly<Record<string, CharSet>> = {
  alpha: charSet([
    [65, 90],
    [97, 122],
  ]),
  digit: DIGITS,
  alnum: charSet([
    [48, 57],
    [65, 90],
    [97, 122],
  ]),
  upper: charSet([[65, 90]]),
  lower: charSet([[97, 122]]),
  space: SPACES,
  blank: charSet([
    [9, 9],
    [32, 32],
  ]),
  punct: charSet([
    [33, 47],
    [58, 64],
    [91, 96],
    [123, 126],
  ]),
  xdigit: charSet([
    [48, 57],
    [65, 70],
    [97, 102],
  ]),
  word: WORDS,
}

const wide = (source: string): (() => CharSet) =>
  once(() => weighed({ ranges: [], properties: [new RegExp(`^[${source}]$`, 'u')], isNegated: false, nested: [] }))

const UNICODE: Readonly<Record<string, () => CharSet>> = {
  alpha: wide('\\p{L}'),
  digit: wide('\\p{Nd}'),
  alnum: wide('\\p{L}\\p{N}'),
  upper: wide('\\p{Lu}'),
  lower: wide('\\p{Ll}'),
  space: wide('\\p{Z}\\t-\\r\\x85'),
  word: wide('\\p{L}\\p{N}_'),
}

/** What a name means where classes are Unicode's; undefined where that is what it always means. */
export const unicodeClass = (name: string): CharSet | undefined =>
  Object.hasOwn(UNICODE, name) ? UNICODE[name]?.() : undefined

/** White space within a line, and what ends one, as `\h` and `\v` mean them. */
export const HORIZONTAL = charSet([
  [9, 9],
  [32, 32],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x180e, 0x180e],
  [0x2000, 0x200a],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
])
export const VERTICAL = charSet([
  [10, 13],
  [0x85, 0x85],
  [0x2028, 0x2029],
])

/** The set with the other case of everything in it. */
export function withOtherCases(set: CharSet): CharSet {
  const extra: [number, number][] = []
  for (const [from, to] of set.ranges) {
    addOverlap(extra, from, to, 65, 90, 32)
    addOverlap(extra, from, to, 97, 122, -32)
    if (to - from < 64) {
      for (let code = Math.max(from, 128); code <= to; code++) {
        for (const other of otherCases(code)) extra.push([other, other])
      }
    }
  }
  return weighed({ ...set, ranges: [...set.ranges, ...extra] })
}

export const codeOf = (char: string): number => char.codePointAt(0) ?? 0

export function singleOf(set: CharSet): number | null {
  const [range] = set.ranges
  const isPlain = set.ranges.length === 1 && set.properties.length === 0 && set.nested.length === 0 && !set.isNegated
  return isPlain && range && range[0] === range[1] ? range[0] : null
}

function addOverlap(into: [number, number][], from: number, to: number, low: number, high: number, shift: number) {
  const start = Math.max(from, low)
  const end = Math.min(to, high)
  if (start <= end) into.push([start + shift, end + shift])
}

function otherCases(code: number): number[] {
  const char = String.fromCodePoint(code)
  return [char.toLowerCase(), char.toUpperCase()]
    .filter((other) => [...other].length === 1 && other !== char)
    .map(codeOf)
}

const PROPERTIES = new Map<string, RegExp>()
const MAX_PROPERTIES = 500

export function compileProperty(name: string): RegExp {
  const known = PROPERTIES.get(name)
  if (known) return known
  const property = readProperty(name)
  if (PROPERTIES.size < MAX_PROPERTIES) PROPERTIES.set(name, property)
  return property
}

function readProperty(name: string): RegExp {
  for (const form of [name, `Script=${name}`]) {
    try {
      return new RegExp(`^\\p{${form}}$`, 'u')
    } catch {
      // Not a category; the next form is a script.
    }
  }
  throw new PatternError(`the property ${name} is not known`)
}
