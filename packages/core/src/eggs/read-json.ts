import { MAX_DEPTH, ReadError, pointerTo, type ReadResult, type Tree, type TreeMap } from './tree.ts'

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
// oxlint-disable-next-line no-control-regex -- a text in JSON cannot hold them
const PLAIN = /[^"\\\u0000-\u001f]*/y
const WHITESPACE = /[ \t\n\r]*/y
const SPACE = 0x20
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

/** Line and column, both from 1, of an offset. */
function placeOf(text: string, offset: number): string {
  const before = text.slice(0, offset)
  const line = before.split('\n').length
  return `line ${line}, column ${offset - before.lastIndexOf('\n')}`
}

/**
 * Reads strict JSON. `JSON.parse` would move integer-like keys to the front, round big numbers and pass over a key
 * that stands twice.
 * @throws ReadError with line and column
 */
export function readJson(text: string): ReadResult {
  let at = 0
  const duplicates: string[] = []
  /** Keys and places of the maps and lists around the value at work; a pointer is made of it when one is asked for. */
  const path: (string | number)[] = []

  const fail = (expected: string): never => {
    const found = at >= text.length ? 'the end of the file' : JSON.stringify(text.slice(at, at + 12))
    throw new ReadError(
      'EGG_SYNTAX',
      `The JSON is broken at ${placeOf(text, at)}: ${expected} expected, ${found} found.`,
    )
  }
  const match = (pattern: RegExp): string => {
    pattern.lastIndex = at
    if (!pattern.test(text)) return ''
    const start = at
    at = pattern.lastIndex
    return text.slice(start, at)
  }
  const skip = (): void => {
    // Most values follow one space, or none.
    if (text[at] === ' ') at++
    if (text.charCodeAt(at) <= SPACE) match(WHITESPACE)
  }

  const readString = (): string => {
    at++
    let result = match(PLAIN)
    for (;;) {
      const char = text[at]
      if (char === '"') {
        at++
        return result
      }
      if (char !== '\\') return fail('the closing quote of a text')
      const escape = text[at + 1] ?? ''
      if (escape === 'u') {
        const hex = text.slice(at + 2, at + 6)
        if (!/^[0-9a-fA-F]{4}$/.test(hex)) return fail('four hexadecimal digits after \\u')
        result += String.fromCharCode(Number.parseInt(hex, 16))
        at += 6
      } else {
        const plain = Object.hasOwn(ESCAPES, escape) ? ESCAPES[escape] : undefined
        if (plain === undefined) return fail('a valid escape such as \\\\ or \\n')
        result += plain
        at += 2
      }
      result += match(PLAIN)
    }
  }

  const readNumber = (): number | bigint => {
    const found = match(NUMBER)
    if (found === '') return fail('a value')
    const number = Number(found)
    return /^-?\d+$/.test(found) && !Number.isSafeInteger(number) ? BigInt(found) : number
  }

  const readMap = (depth: number): TreeMap => {
    const map: TreeMap = new Map()
    at++
    skip()
    if (text[at] === '}') {
      at++
      return map
    }
    for (;;) {
      if (text[at] !== '"') return fail('a key in double quotes')
      const key = readString()
      skip()
      if (text[at] !== ':') return fail('a colon after the key')
      at++
      path.push(key)
      if (map.has(key)) duplicates.push(path.reduce<string>(pointerTo, ''))
      map.set(key, readValue(depth + 1))
      path.pop()
      skip()
      if (text[at] === '}') {
        at++
        return map
      }
      if (text[at] !== ',') return fail('a comma or a closing brace')
      at++
      skip()
    }
  }

  const readList = (depth: number): Tree[] => {
    const list: Tree[] = []
    at++
    skip()
    if (text[at] === ']') {
      at++
      return list
    }
    for (;;) {
      path.push(list.length)
      list.push(readValue(depth + 1))
      path.pop()
      skip()
      if (text[at] === ']') {
        at++
        return list
      }
      if (text[at] !== ',') return fail('a comma or a closing bracket')
      at++
    }
  }

  const readWord = (word: string, value: Tree): Tree => {
    if (!text.startsWith(word, at)) return fail('a value')
    at += word.length
    return value
  }

  const readValue = (depth: number): Tree => {
    if (depth > MAX_DEPTH) {
      throw new ReadError('EGG_TOO_DEEP', `The JSON is nested deeper than ${MAX_DEPTH} levels at ${placeOf(text, at)}.`)
    }
    skip()
    switch (text[at]) {
      case '{':
        return readMap(depth)
      case '[':
        return readList(depth)
      case '"':
        return readString()
      case 't':
        return readWord('true', true)
      case 'f':
        return readWord('false', false)
      case 'n':
        return readWord('null', null)
      default:
        return readNumber()
    }
  }

  const tree = readValue(0)
  skip()
  if (at < text.length) fail('the end of the file')
  return { tree, duplicates }
}
