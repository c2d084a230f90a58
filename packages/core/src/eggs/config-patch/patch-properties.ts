import { appendLines } from './patch-lines.ts'
import {
  joinLines,
  lineEndOf,
  linesOf,
  newValueOf,
  rulesOf,
  textOf,
  type ConfigReplacement,
  type Line,
} from './replacement.ts'

interface Property {
  readonly key: string
  /** The key and what separates it from its value, as written. */
  readonly head: string
  readonly value: string
  /** First and last line, both included. */
  readonly from: number
  readonly to: number
}

/** Sets keys of a Java properties file; comments, order and separators stay as they are, new keys come last. */
export function patchProperties(text: string, replacements: readonly ConfigReplacement[]): string {
  const lines = linesOf(text)
  const end = lineEndOf(text)
  const properties = readProperties(lines)
  const changed = new Map<Property, string>()
  const added: string[] = []
  for (const rule of rulesOf(replacements)) {
    const present = properties.filter(({ key }) => key === rule.match)
    for (const property of present) {
      const found = newValueOf(rule, property.value)
      const value = found && textOf(found.value)
      if (value !== undefined && value !== property.value) changed.set(property, property.head + escapeValue(value))
    }
    const found = present.length === 0 ? newValueOf(rule, undefined) : undefined
    if (found) added.push(`${escapeKey(rule.match)}=${escapeValue(textOf(found.value))}`)
  }

  const result: Line[] = []
  const byLine = new Map(properties.map((property) => [property.from, property]))
  for (let index = 0; index < lines.length; index++) {
    const property = byLine.get(index)
    const line = lines[index]
    const written = property && changed.get(property)
    if (property && written !== undefined) {
      result.push({ text: written, end: lines[property.to]?.end ?? '' })
      index = property.to
    } else if (line) result.push(line)
  }
  // A last line that is continued would take the new one in; an empty one ends it.
  const last = result.at(-1)?.text ?? ''
  const isOpen = added.length > 0 && isContinued(last) && properties.at(-1)?.to === lines.length - 1
  return joinLines(appendLines(result, isOpen ? ['', ...added] : added, end))
}

/**
 * What a Java properties file says: its keys in their order, values without escapes. Of a key that is there twice the last one
 * counts, as it does for Java.
 * @example readPropertiesFile('motd=Hi\\u0021').get('motd') // 'Hi!'
 */
export function readPropertiesFile(text: string): ReadonlyMap<string, string> {
  return new Map(readProperties(linesOf(text)).map(({ key, value }) => [key, value]))
}

function readProperties(lines: readonly Line[]): Property[] {
  const properties: Property[] = []
  for (let index = 0; index < lines.length; index++) {
    const from = index
    let text = lines[index]?.text ?? ''
    if (/^\s*(?:[#!]|$)/.test(text)) continue
    const parts: string[] = []
    while (isContinued(text) && index + 1 < lines.length) {
      parts.push(text.slice(0, -1))
      index++
      text = (lines[index]?.text ?? '').trimStart()
    }
    const logical = parts.join('') + text
    const found = /^(\s*)((?:\\.|[^\s=:\\])*)(\s*[=:]?\s*)(.*)$/s.exec(logical)
    if (!found) continue
    const [, indent = '', key = '', separator = '', value = ''] = found
    const head = indent + key + (separator === '' ? '=' : separator)
    properties.push({ key: unescape(key), head, value: unescape(value), from, to: index })
  }
  return properties
}

/** An odd number of backslashes ends the line. */
function isContinued(text: string): boolean {
  let at = text.length
  while (at > 0 && text[at - 1] === '\\') at--
  return (text.length - at) % 2 === 1
}

const ESCAPED: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f' }

const unescape = (text: string): string =>
  text.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/gs, (_, hex: string | undefined, char: string = '') =>
    hex === undefined ? (ESCAPED[char] ?? char) : String.fromCharCode(Number.parseInt(hex, 16)),
  )

const escapeCommon = (text: string): string =>
  text
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
    .replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)

const escapeValue = (value: string): string => escapeCommon(value).replace(/^ /, '\\ ')

const escapeKey = (key: string): string => escapeCommon(key).replace(/[ =:#!]/g, '\\$&')
