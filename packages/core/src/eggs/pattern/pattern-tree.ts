/** A set of code points: ranges, both ends included, and what an `\p{…}` inside it accepts. */
export interface CharSet {
  readonly ranges: readonly (readonly [number, number])[]
  readonly properties: readonly RegExp[]
  readonly isNegated: boolean
  readonly nested: readonly CharSet[]
  /** Steps that one look-up costs; 1 for any set that a person writes. */
  readonly weight: number
}

export type PatternNode =
  | { readonly kind: 'set'; readonly set: CharSet }
  | { readonly kind: 'sequence'; readonly items: readonly PatternNode[] }
  | { readonly kind: 'choice'; readonly items: readonly PatternNode[] }
  | { readonly kind: 'group'; readonly item: PatternNode; readonly index: number }
  | { readonly kind: 'look'; readonly item: PatternNode; readonly isBehind: boolean; readonly isNegated: boolean }
  | { readonly kind: 'atomic'; readonly item: PatternNode }
  | { readonly kind: 'backReference'; readonly index: number }
  | { readonly kind: 'assert'; readonly assert: Assertion }
  | {
      readonly kind: 'repeat'
      readonly item: PatternNode
      readonly min: number
      /** Infinity for no end. */
      readonly max: number
      readonly isLazy: boolean
    }

export interface ParsedPattern {
  readonly root: PatternNode
  readonly groupCount: number
}

export type Assertion =
  | 'start'
  | 'end'
  | 'lineStart'
  | 'lineEnd'
  | 'inputStart'
  | 'inputEnd'
  | 'boundary'
  | 'noBoundary'
  | 'boundaryUnicode'
  | 'noBoundaryUnicode'

export interface PatternFlags {
  readonly ignoreCase?: boolean
  readonly multiline?: boolean
  readonly dotAll?: boolean
  readonly extended?: boolean
  /** `$` only at the very end. */
  readonly dollarEndOnly?: boolean
  readonly ungreedy?: boolean
  /** PCRE's classes mean every script: what PHP's flag `u` turns on. */
  readonly isUnicode?: boolean
  /** Go's dialect where the two mean different things by one sign. */
  readonly isRe2?: boolean
}

export class PatternError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'PatternError'
  }
}

export const charSet = (ranges: CharSet['ranges'], isNegated = false): CharSet =>
  weighed({ ranges, properties: [], isNegated, nested: [] })

const RANGES_PER_STEP = 16

/** The set with what it costs. */
export function weighed(set: Omit<CharSet, 'weight'>): CharSet {
  const parts = set.ranges.length + set.properties.length * 4
  return {
    ...set,
    weight: set.nested.reduce((sum, { weight }) => sum + weight, 1 + Math.floor(parts / RANGES_PER_STEP)),
  }
}

export const DIGITS = charSet([[48, 57]])
export const WORDS = charSet([
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
])
export const SPACES = charSet([
  [9, 13],
  [32, 32],
])

export function setHas(set: CharSet, code: number): boolean {
  const found =
    set.ranges.some(([from, to]) => code >= from && code <= to) ||
    set.nested.some((nested) => setHas(nested, code)) ||
    (set.properties.length > 0 && set.properties.some((property) => property.test(String.fromCodePoint(code))))
  return found !== set.isNegated
}
