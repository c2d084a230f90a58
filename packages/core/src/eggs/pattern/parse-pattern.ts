import {
  HORIZONTAL,
  POSIX,
  unicodeClass,
  VERTICAL,
  codeOf,
  compileProperty,
  singleOf,
  withOtherCases,
} from './char-classes.ts'
import {
  PatternError,
  charSet,
  weighed,
  type CharSet,
  type PatternFlags,
  type ParsedPattern,
  type PatternNode,
} from './pattern-tree.ts'
import { ASSERTS, CONTROL, LINE_END, withFlags } from './pattern-signs.ts'

export const MAX_PATTERN_LENGTH = 10_000
const MAX_GROUP_DEPTH = 100
const MAX_REPEAT = 65_535

/**
 * Reads the common part of PCRE and RE2.
 * @throws PatternError for what neither knows, and for what this engine does not (recursion, conditions)
 */
export function parsePattern(source: string, flags: PatternFlags): ParsedPattern {
  if (source.length > MAX_PATTERN_LENGTH) throw new PatternError('the pattern is too long')
  return new PatternParser(source, flags).parse()
}

class PatternParser {
  readonly #chars: readonly string[]
  readonly #names = new Map<string, number>()
  #flags: PatternFlags
  #at = 0
  #groups = 0
  /** Of the groups that are referred to. */
  #highest = 0
  #depth = 0

  constructor(source: string, flags: PatternFlags) {
    this.#chars = Array.from(source)
    this.#flags = flags
  }

  parse(): ParsedPattern {
    const root = this.#choice()
    if (this.#at < this.#chars.length) throw new PatternError('a closing bracket has no opening one')
    if (this.#highest > this.#groups) throw new PatternError('a back reference names a group that is not there')
    return { root, groupCount: this.#groups }
  }

  #peek(offset = 0): string {
    return this.#chars[this.#at + offset] ?? ''
  }

  #eat(text: string): boolean {
    for (let index = 0; index < text.length; index++) if (this.#peek(index) !== text[index]) return false
    this.#at += text.length
    return true
  }

  #choice(): PatternNode {
    const items = [this.#sequence()]
    while (this.#eat('|')) items.push(this.#sequence())
    return items.length === 1 && items[0] ? items[0] : { kind: 'choice', items }
  }

  #sequence(): PatternNode {
    const items: PatternNode[] = []
    while (this.#at < this.#chars.length && this.#peek() !== '|' && this.#peek() !== ')') {
      if (this.#skipIgnored()) continue
      if (this.#eat('\\Q')) {
        items.push(...this.#quoted())
        continue
      }
      const atom = this.#atom()
      if (atom) items.push(this.#quantified(atom))
    }
    return { kind: 'sequence', items }
  }

  /** With the flag x, white space and comments mean nothing. */
  #skipIgnored(): boolean {
    if (!this.#flags.extended) return false
    if (/\s/.test(this.#peek())) {
      this.#at++
      return true
    }
    if (this.#peek() !== '#') return false
    while (this.#at < this.#chars.length && this.#peek() !== '\n') this.#at++
    return true
  }

  #quantified(item: PatternNode): PatternNode {
    const bounds = this.#bounds()
    if (!bounds) return item
    if (item.kind === 'assert' && !this.#flags.isRe2) throw new PatternError('a quantifier has nothing to repeat')
    const isPossessive = this.#eat('+')
    const isLazy = !isPossessive && this.#eat('?') !== (this.#flags.ungreedy ?? false)
    const repeat: PatternNode = { kind: 'repeat', item, min: bounds[0], max: bounds[1], isLazy }
    if (this.#bounds()) throw new PatternError('a quantifier follows a quantifier')
    return isPossessive ? { kind: 'atomic', item: repeat } : repeat
  }

  #bounds(): readonly [number, number] | null {
    if (this.#eat('*')) return [0, Infinity]
    if (this.#eat('+')) return [1, Infinity]
    if (this.#eat('?')) return [0, 1]
    if (this.#peek() !== '{') return null
    const found = /^\{(\d+)(,?)(\d*)\}/.exec(this.#chars.slice(this.#at, this.#at + 16).join(''))
    // `{,3}` is a text to PCRE and RE2.
    if (!found) return null
    const min = Number(found[1])
    const max = found[2] === '' ? min : found[3] === '' ? Infinity : Number(found[3])
    if (max < min || min > MAX_REPEAT || (max > MAX_REPEAT && max !== Infinity))
      throw new PatternError('the bounds of a repetition are wrong')
    this.#at += found[0].length
    return [min, max]
  }

  #atom(): PatternNode | null {
    const char = this.#peek()
    switch (char) {
      case '(':
        return this.#group()
      case '[':
        return { kind: 'set', set: this.#class() }
      case '.':
        this.#at++
        return { kind: 'set', set: this.#flags.dotAll ? charSet([], true) : charSet([[10, 10]], true) }
      case '^':
        this.#at++
        return { kind: 'assert', assert: this.#flags.multiline ? 'lineStart' : 'inputStart' }
      case '$':
        this.#at++
        if (this.#flags.multiline) return { kind: 'assert', assert: 'lineEnd' }
        return { kind: 'assert', assert: this.#flags.dollarEndOnly ? 'inputEnd' : 'end' }
      case '\\':
        return this.#escape()
      case '*':
      case '+':
      case '?':
        throw new PatternError('a quantifier has nothing to repeat')
      default:
        this.#at++
        return this.#literal(char)
    }
  }

  #literal(char: string): PatternNode {
    return { kind: 'set', set: this.#cased(charSet([[codeOf(char), codeOf(char)]])) }
  }

  #cased(set: CharSet): CharSet {
    return this.#flags.ignoreCase ? withOtherCases(set) : set
  }

  #group(): PatternNode | null {
    this.#at++
    if (++this.#depth > MAX_GROUP_DEPTH) throw new PatternError('groups are nested too deeply')
    const outer = this.#flags
    const wrap = this.#groupKind()
    if (wrap === null) {
      // `(?i)` holds to the end of the group around it.
      this.#depth--
      return null
    }
    const item = this.#choice()
    if (!this.#eat(')')) throw new PatternError('a group is not closed')
    this.#flags = outer
    this.#depth--
    return wrap(item)
  }

  #groupKind(): ((item: PatternNode) => PatternNode) | null {
    if (this.#peek() !== '?') return this.#capture()
    if (this.#eat('?:')) return (item) => item
    if (this.#eat('?>')) return (item) => ({ kind: 'atomic', item })
    if (this.#eat('?=')) return (item) => ({ kind: 'look', item, isBehind: false, isNegated: false })
    if (this.#eat('?!')) return (item) => ({ kind: 'look', item, isBehind: false, isNegated: true })
    if (this.#eat('?<=')) return (item) => ({ kind: 'look', item, isBehind: true, isNegated: false })
    if (this.#eat('?<!')) return (item) => ({ kind: 'look', item, isBehind: true, isNegated: true })
    if (this.#eat('?#')) {
      while (this.#at < this.#chars.length && this.#peek() !== ')') this.#at++
      if (!this.#eat(')')) throw new PatternError('a comment is not closed')
      return null
    }
    const rest = this.#chars.slice(this.#at, this.#at + 80).join('')
    const named = /^\?(?:P?<|')([A-Za-z_]\w{0,31})[>']/.exec(rest)
    if (named) {
      this.#at += named[0].length
      return this.#capture(named[1])
    }
    const inline = /^\?([imsxU]*)(?:-([imsxU]*))?([:)])/.exec(rest)
    if (!inline) throw new PatternError('a group begins with a sign that is not supported')
    this.#at += inline[0].length
    this.#flags = withFlags(withFlags(this.#flags, inline[1] ?? '', true), inline[2] ?? '', false)
    return inline[3] === ')' ? null : (item) => item
  }

  #capture(name?: string): (item: PatternNode) => PatternNode {
    const index = ++this.#groups
    if (name !== undefined) this.#names.set(name, index)
    return (item) => ({ kind: 'group', item, index })
  }

  #escape(): PatternNode | null {
    this.#at++
    const char = this.#peek()
    if (char === '') throw new PatternError('the pattern ends with a backslash')
    const assert = ASSERTS[char]
    if (assert) {
      this.#at++
      const isWide = this.#flags.isUnicode && (assert === 'boundary' || assert === 'noBoundary')
      return { kind: 'assert', assert: isWide ? `${assert}Unicode` : assert }
    }
    const digits = /^[1-9]\d?/.exec(char + this.#peek(1))?.[0]
    // Two digits are a code where there are not that many groups.
    if (digits !== undefined && (digits.length === 1 || Number(digits) <= this.#groups || /[89]/.test(char))) {
      this.#at += digits.length
      this.#highest = Math.max(this.#highest, Number(digits))
      return { kind: 'backReference', index: Number(digits) }
    }
    const back = /^k[<{']([A-Za-z_]\w*)[>}']/.exec(this.#chars.slice(this.#at, this.#at + 40).join(''))
    if (back) {
      const index = this.#names.get(back[1] ?? '')
      if (index === undefined) throw new PatternError('a back reference names a group that is not there')
      this.#at += back[0].length
      return { kind: 'backReference', index }
    }
    if (char === 'E') {
      this.#at++
      return null
    }
    if (char === 'R') {
      this.#at++
      return LINE_END
    }
    return { kind: 'set', set: this.#cased(this.#escapedSet()) }
  }

  /** Behind `\Q`; what is repeated after `\E` is the last sign. */
  #quoted(): PatternNode[] {
    const items: PatternNode[] = []
    while (this.#at < this.#chars.length && !this.#eat('\\E')) {
      const char = this.#peek()
      this.#at++
      items.push(this.#literal(char))
    }
    const last = items.pop()
    return last ? [...items, this.#quantified(last)] : []
  }

  /** After the backslash: a class, a code, or the sign itself. */
  #escapedSet(): CharSet {
    const char = this.#peek()
    this.#at++
    switch (char) {
      case 'd':
      case 'D':
        return { ...this.#posix('digit'), isNegated: char === 'D' }
      case 'w':
      case 'W':
        return { ...this.#posix('word'), isNegated: char === 'W' }
      case 's':
      case 'S':
        return { ...this.#posix('space'), isNegated: char === 'S' }
      case 'h':
      case 'H':
        return { ...HORIZONTAL, isNegated: char === 'H' }
      case 'v':
      case 'V':
        // RE2 means the one code.
        return this.#flags.isRe2 ? charSet([[11, 11]], char === 'V') : { ...VERTICAL, isNegated: char === 'V' }
      case 'N':
        return charSet([[10, 10]], true)
      case 'p':
      case 'P':
        return this.#property(char === 'P')
      case 'x':
        return this.#hex()
      case '0':
      case '1':
      case '2':
      case '3':
      case '4':
      case '5':
      case '6':
      case '7':
        return this.#octal(char)
      case 'c': {
        const code = codeOf(this.#peek().toUpperCase()) ^ 64
        this.#at++
        return charSet([[code, code]])
      }
      default: {
        const control = Object.hasOwn(CONTROL, char) ? CONTROL[char] : undefined
        if (control === undefined && /[A-Za-z]/.test(char)) {
          throw new PatternError(`\\${char} is not supported`)
        }
        const code = control ?? codeOf(char)
        return charSet([[code, code]])
      }
    }
  }

  #octal(first: string): CharSet {
    const rest = /^[0-7]{0,2}/.exec(this.#peek() + this.#peek(1))?.[0] ?? ''
    this.#at += rest.length
    const code = Number.parseInt(first + rest, 8)
    return charSet([[code, code]])
  }

  #hex(): CharSet {
    const found = /^(?:\{([0-9a-fA-F]{1,6})\}|([0-9a-fA-F]{0,2}))/.exec(
      this.#chars.slice(this.#at, this.#at + 8).join(''),
    )
    this.#at += found?.[0].length ?? 0
    const code = Number.parseInt((found?.[1] ?? found?.[2]) || '0', 16)
    if (code > 0x10ffff) throw new PatternError('a code point is too large')
    return charSet([[code, code]])
  }

  #property(isNegated: boolean): CharSet {
    const found = /^(?:([A-Z])|\{(\^?)([A-Za-z_]{1,40})\})/.exec(this.#chars.slice(this.#at, this.#at + 44).join(''))
    if (!found) throw new PatternError('\\p needs the name of a property')
    this.#at += found[0].length
    const name = found[1] ?? found[3] ?? ''
    const property = compileProperty(name)
    return weighed({ ranges: [], properties: [property], nested: [], isNegated: isNegated !== (found[2] === '^') })
  }

  #class(): CharSet {
    this.#at++
    const isNegated = this.#eat('^')
    const ranges: (readonly [number, number])[] = []
    const nested: CharSet[] = []
    for (let isFirst = true; ; isFirst = false) {
      if (this.#at >= this.#chars.length) throw new PatternError('a character class is not closed')
      if (!isFirst && this.#eat(']')) break
      const from = this.#classItem()
      const low = singleOf(from)
      if (low === null || this.#peek() !== '-' || this.#peek(1) === ']' || this.#peek(1) === '') {
        if (low === null) nested.push(from)
        else ranges.push([low, low])
        continue
      }
      this.#at++
      const to = this.#classItem()
      const high = singleOf(to)
      if (high === null) {
        // As in `[a-\d]`: the dash stands for itself.
        ranges.push([low, low], [45, 45])
        nested.push(to)
        continue
      }
      if (high < low) throw new PatternError('a range in a character class runs backwards')
      ranges.push([low, high])
    }
    return weighed({ ...this.#cased(charSet(ranges)), isNegated, nested })
  }

  /** A class by its POSIX name; with the flag `u`, PHP's means letters and digits of every script. */
  #posix(name: string): CharSet {
    const wide = this.#flags.isUnicode ? unicodeClass(name) : undefined
    return wide ?? POSIX[name] ?? charSet([])
  }

  #classItem(): CharSet {
    const char = this.#peek()
    if (char === '[' && this.#peek(1) === ':') {
      const found = /^\[:(\^?)([a-z]+):\]/.exec(this.#chars.slice(this.#at, this.#at + 16).join(''))
      if (found && Object.hasOwn(POSIX, found[2] ?? '')) {
        this.#at += found[0].length
        return { ...this.#posix(found[2] ?? ''), isNegated: found[1] === '^' }
      }
      if (/^\[:[^\]]*:\]/.test(this.#chars.slice(this.#at, this.#at + 16).join(''))) {
        throw new PatternError('a class in brackets has a name that is not known')
      }
    }
    this.#at++
    if (char !== '\\') return charSet([[codeOf(char), codeOf(char)]])
    if (this.#peek() === 'b') {
      this.#at++
      return charSet([[8, 8]])
    }
    if (this.#peek() === '') throw new PatternError('a character class is not closed')
    return this.#escapedSet()
  }
}
