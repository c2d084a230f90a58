/**
 * Regular expressions that take time linear in the text, whoever wrote them: the pattern becomes a set of states that are
 * followed side by side (Thompson 1968), so no text makes it go back and try again.
 *
 * It reads the part of RE2's syntax that console patterns use: literals, `.`, classes, `\d \w \s \b` and their opposites,
 * `^ $`, groups, `|`, `* + ? {n,m}` with lazy forms, and the flag `(?i)`.
 */
export interface LinearPattern {
  /** Whether the pattern occurs anywhere in the text. */
  test(text: string): boolean
}

type Matcher = (character: number) => boolean
type Assertion = 'start' | 'end' | 'boundary' | 'inside'
type State =
  | { readonly type: 'character'; readonly matches: Matcher; next: number }
  | { readonly type: 'split'; next: number; other: number }
  | { readonly type: 'assert'; readonly assertion: Assertion; next: number }
  | { readonly type: 'match' }
/** A piece of the machine under construction: where it begins, and the open ends that still lead nowhere. */
interface Fragment {
  readonly start: number
  readonly exits: readonly ((target: number) => void)[]
}
type Node =
  | { readonly type: 'empty' }
  | { readonly type: 'character'; readonly matches: Matcher }
  | { readonly type: 'assert'; readonly assertion: Assertion }
  | { readonly type: 'sequence' | 'choice'; readonly parts: readonly Node[] }
  | { readonly type: 'repeat'; readonly part: Node; readonly min: number; readonly max: number }

const MAX_STATES = 5_000
const MAX_REPEAT = 1_000

/**
 * @throws SyntaxError if the pattern is malformed, too large, or uses what cannot be matched in linear time
 * @example compileLinearPattern('^\\[\\d+\\] Done').test('[12] Done')
 */
export function compileLinearPattern(pattern: string): LinearPattern {
  const states: State[] = []
  const fragment = build(parse(pattern), states)
  const end = add(states, { type: 'match' })
  for (const exit of fragment.exits) exit(end)
  return { test: (text) => run(states, fragment.start, text) }
}

function run(states: readonly State[], start: number, text: string): boolean {
  let current: number[] = []
  const marks = new Int32Array(states.length).fill(-1)
  for (let index = 0; index <= text.length; index++) {
    if (follow(states, start, text, index, current, marks)) return true
    if (index === text.length) return false
    const character = text.charCodeAt(index)
    const next: number[] = []
    for (const id of current) {
      const state = states[id]
      if (state?.type !== 'character' || !state.matches(character)) continue
      if (follow(states, state.next, text, index + 1, next, marks)) return true
    }
    current = next
  }
  return false
}

/** Adds every state reachable without reading a character; true when the match is among them. */
function follow(
  states: readonly State[],
  from: number,
  text: string,
  index: number,
  into: number[],
  marks: Int32Array,
): boolean {
  const open = [from]
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (marks[id] === index) continue
    marks[id] = index
    const state = states[id]
    if (!state) continue
    if (state.type === 'match') return true
    if (state.type === 'character') into.push(id)
    else if (state.type === 'split') open.push(state.other, state.next)
    else if (holds(state.assertion, text, index)) open.push(state.next)
  }
  return false
}

function holds(assertion: Assertion, text: string, index: number): boolean {
  if (assertion === 'start') return index === 0
  if (assertion === 'end') return index === text.length
  const isBoundary = isWord(text.charCodeAt(index - 1)) !== isWord(text.charCodeAt(index))
  return isBoundary === (assertion === 'boundary')
}

function build(node: Node, states: State[]): Fragment {
  switch (node.type) {
    case 'empty': {
      const state = { type: 'split' as const, next: 0, other: 0 }
      return { start: add(states, state), exits: [(target) => void (state.next = state.other = target)] }
    }
    case 'character':
    case 'assert': {
      const state = { ...node, next: 0 }
      return { start: add(states, state), exits: [(target) => void (state.next = target)] }
    }
    case 'sequence': {
      const parts = (node.parts.length > 0 ? node.parts : [{ type: 'empty' } as const]).map((part) =>
        build(part, states),
      )
      parts.forEach((part, index) => index > 0 && parts[index - 1]?.exits.forEach((exit) => exit(part.start)))
      return { start: parts[0]?.start ?? 0, exits: parts.at(-1)?.exits ?? [] }
    }
    case 'choice': {
      const parts = node.parts.map((part) => build(part, states))
      const start = parts.reduceRight((other, part, index) => {
        return index === parts.length - 1 ? part.start : add(states, { type: 'split', next: part.start, other })
      }, 0)
      return { start, exits: parts.flatMap((part) => part.exits) }
    }
    case 'repeat':
      return buildRepeat(node.part, node.min, node.max, states)
    default:
      return node satisfies never
  }
}

function buildRepeat(part: Node, min: number, max: number, states: State[]): Fragment {
  if (max === Infinity) {
    const split = { type: 'split' as const, next: 0, other: 0 }
    const id = add(states, split)
    const body = build(part, states)
    split.next = body.start
    for (const exit of body.exits) exit(id)
    const loop = { start: id, exits: [(target: number) => void (split.other = target)] }
    if (min === 0) return loop
    const required = build({ type: 'sequence', parts: Array.from({ length: min }, () => part) }, states)
    for (const exit of required.exits) exit(loop.start)
    return { start: required.start, exits: loop.exits }
  }
  const optional = (): Node => ({ type: 'choice', parts: [part, { type: 'empty' }] })
  return build(
    { type: 'sequence', parts: Array.from({ length: max }, (_, index) => (index < min ? part : optional())) },
    states,
  )
}

function add(states: State[], state: State): number {
  if (states.length >= MAX_STATES) throw new SyntaxError('The pattern is too large.')
  return states.push(state) - 1
}

function parse(pattern: string): Node {
  let index = 0
  let ignoreCase = false
  const fail = (reason: string): never => {
    throw new SyntaxError(`${reason} at position ${index} of the pattern.`)
  }
  const literal = (character: string): Matcher => {
    const code = character.charCodeAt(0)
    if (!ignoreCase || character.toLowerCase() === character.toUpperCase()) return (read) => read === code
    const [lower, upper] = [character.toLowerCase().charCodeAt(0), character.toUpperCase().charCodeAt(0)]
    return (read) => read === lower || read === upper
  }

  const choice = (): Node => {
    const parts = [sequence()]
    while (pattern[index] === '|') {
      index += 1
      parts.push(sequence())
    }
    return parts.length === 1 && parts[0] ? parts[0] : { type: 'choice', parts }
  }
  const sequence = (): Node => {
    const parts: Node[] = []
    while (index < pattern.length && pattern[index] !== '|' && pattern[index] !== ')') parts.push(repeated())
    return { type: 'sequence', parts }
  }
  const repeated = (): Node => {
    const part = atom()
    const counted = /^(?:([*+?])|\{(\d+)(,(\d*))?\})\??/.exec(pattern.slice(index, index + 20))
    if (!counted) return part
    index += counted[0].length
    if (/^[*+]|^\{\d+(,\d*)?\}/.test(pattern.slice(index, index + 20))) fail('A repetition is repeated')
    const [, sign, low, comma, high] = counted
    if (sign) return { type: 'repeat', part, min: sign === '+' ? 1 : 0, max: sign === '?' ? 1 : Infinity }
    const min = Number(low)
    const max = comma === undefined ? min : high ? Number(high) : Infinity
    if (min > MAX_REPEAT || (max !== Infinity && max > MAX_REPEAT) || max < min) fail('A repetition is out of range')
    return { type: 'repeat', part, min, max }
  }
  const atom = (): Node => {
    const character = pattern[index] ?? fail('The pattern ends too early')
    index += 1
    if (character === '(') return group()
    if (character === '[') return { type: 'character', matches: set() }
    if (character === '.') return { type: 'character', matches: (read) => read !== 10 }
    if (character === '^') return { type: 'assert', assertion: 'start' }
    if (character === '$') return { type: 'assert', assertion: 'end' }
    if (character === '\\') return escaped()
    if ('*+?'.includes(character)) return fail('There is nothing to repeat')
    return { type: 'character', matches: literal(character) }
  }
  const group = (): Node => {
    const outer = ignoreCase
    const head = /^\?(?:P?<\w+>|([a-zA-Z]*)(:|\)))/.exec(pattern.slice(index, index + 80))
    if (pattern[index] === '?' && !head) fail('This kind of group is not supported')
    index += head?.[0].length ?? 0
    if (head?.[1]?.includes('i')) ignoreCase = true
    if (head?.[2] === ')') return { type: 'empty' }
    const inner = choice()
    if (pattern[index] !== ')') fail('A group is not closed')
    index += 1
    ignoreCase = outer
    return inner
  }
  const escaped = (): Node => {
    const character = pattern[index] ?? fail('The pattern ends too early')
    index += 1
    if (character === 'b') return { type: 'assert', assertion: 'boundary' }
    if (character === 'B') return { type: 'assert', assertion: 'inside' }
    if (character === 'A') return { type: 'assert', assertion: 'start' }
    if (character === 'z') return { type: 'assert', assertion: 'end' }
    return { type: 'character', matches: CLASSES[character] ?? literal(unescape(character)) }
  }
  const unescape = (character: string): string => {
    const control = { n: '\n', r: '\r', t: '\t', f: '\f', v: '\v' }[character]
    if (control) return control
    if (character === 'x') {
      const hex = /^(?:[0-9a-fA-F]{2}|\{([0-9a-fA-F]{1,4})\})/.exec(pattern.slice(index, index + 6))
      if (!hex) return fail('A character code is not valid')
      index += hex[0].length
      return String.fromCharCode(Number.parseInt(hex[1] ?? hex[0], 16))
    }
    if (/[0-9a-zA-Z]/.test(character)) fail('This escape is not supported')
    return character
  }
  const set = (): Matcher => {
    const isNegated = pattern[index] === '^'
    if (isNegated) index += 1
    const members: Matcher[] = []
    const begin = index
    while (pattern[index] !== ']' || index === begin) {
      const low = member()
      if (typeof low !== 'string') {
        members.push(low)
        continue
      }
      if (pattern[index] !== '-' || pattern[index + 1] === ']') {
        members.push(literal(low))
        continue
      }
      index += 1
      const high = member()
      if (typeof high !== 'string' || high < low) fail('A range is not valid')
      members.push(range(low, String(high), ignoreCase))
    }
    index += 1
    return (read) => members.some((matches) => matches(read)) !== isNegated
  }
  const member = (): string | Matcher => {
    const character = pattern[index] ?? fail('A class is not closed')
    index += 1
    if (character !== '\\') return character
    const next = pattern[index] ?? fail('A class is not closed')
    index += 1
    return CLASSES[next] ?? unescape(next)
  }

  const tree = choice()
  if (index < pattern.length) fail('A bracket is closed that was not opened')
  return tree
}

function range(low: string, high: string, ignoreCase: boolean): Matcher {
  const inside = (code: number) => code >= low.charCodeAt(0) && code <= high.charCodeAt(0)
  if (!ignoreCase) return inside
  return (code) => {
    const character = String.fromCharCode(code)
    return inside(character.toLowerCase().charCodeAt(0)) || inside(character.toUpperCase().charCodeAt(0))
  }
}

const isDigit: Matcher = (code) => code >= 48 && code <= 57
const isWord: Matcher = (code) =>
  isDigit(code) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95
const isSpace: Matcher = (code) => code === 32 || (code >= 9 && code <= 13)
const CLASSES: Readonly<Record<string, Matcher>> = {
  d: isDigit,
  D: (code) => !isDigit(code),
  w: isWord,
  W: (code) => !isWord(code),
  s: isSpace,
  S: (code) => !isSpace(code),
}
