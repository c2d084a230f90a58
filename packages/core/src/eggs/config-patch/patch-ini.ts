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

/** `section.key`; brackets keep the dots of a section together. Without a dot outside them, the key stands before all sections. */
export function splitIniMatch(match: string): { readonly section: string; readonly key: string } {
  let depth = 0
  for (let index = 0; index < match.length; index++) {
    const char = match[index]
    if (char === '[') depth++
    else if (char === ']' && depth > 0) depth--
    else if (char === '.' && depth === 0) {
      return { section: bare(match.slice(0, index)), key: match.slice(index + 1) }
    }
  }
  return { section: '', key: bare(match) }
}

const bare = (text: string): string => (text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text)

/** The name in brackets, followed by nothing or a comment; undefined for any other line. */
function sectionNameOf(line: string): string | undefined {
  const text = line.trim()
  if (!text.startsWith('[')) return undefined
  for (let close = text.indexOf(']'); close > 0; close = text.indexOf(']', close + 1)) {
    let at = close + 1
    while (text[at] === ' ' || text[at] === '\t') at++
    const next = text.charAt(at)
    if (next === '' || next === ';' || next === '#') return text.slice(1, close).trim()
  }
  return undefined
}

interface Entry {
  readonly key: string
  /** Indent, key and separator, as written. */
  readonly head: string
  readonly value: string
  /** A comment set apart by white space, with it. */
  readonly comment: string
}

function entryOf(line: string): Entry | undefined {
  const start = line.length - line.trimStart().length
  const first = line.charAt(start)
  if (first === '' || first === ';' || first === '#') return undefined
  const from = first === '"' ? Math.max(line.indexOf('"', start + 1), start) : start
  const separator = firstOf(line, '=:', from)
  if (separator < 0) return undefined
  const rest = line.slice(separator + 1)
  const gap = rest.length - rest.trimStart().length
  const comment = commentAt(rest, gap)
  const content = rest.slice(gap, comment).trimEnd()
  return {
    key: unquote(line.slice(start, separator).trim()),
    head: line.slice(0, separator + 1) + rest.slice(0, gap),
    value: content,
    comment: comment < rest.length ? rest.slice(gap + content.length) : '',
  }
}

function firstOf(line: string, chars: string, from: number): number {
  for (let at = from; at < line.length; at++) if (chars.includes(line.charAt(at))) return at
  return -1
}

const isBlank = (char: string): boolean => char === ' ' || char === '\t'

/** ` ;` begins a comment, and so does ` # `; a `#` right before a word is a word such as `#1`. */
function commentAt(rest: string, from: number): number {
  for (let at = Math.max(from, 1); at < rest.length; at++) {
    if (!isBlank(rest.charAt(at - 1))) continue
    const char = rest.charAt(at)
    const next = rest.charAt(at + 1)
    if (char === ';' || (char === '#' && (next === '' || isBlank(next)))) return at
  }
  return rest.length
}

/** Sets keys of an INI file; everything else stays as it is. New keys end their section, new sections end the file. */
export function patchIni(text: string, replacements: readonly ConfigReplacement[]): string {
  const end = lineEndOf(text)
  const separator = separatorOf(text)
  const lines = linesOf(text)
  for (const rule of rulesOf(replacements)) {
    const { section, key } = splitIniMatch(rule.match)
    let isPresent = false
    let current = ''
    lines.forEach((line, index) => {
      const header = sectionNameOf(line.text)
      if (header !== undefined) current = header
      if (header !== undefined || !isSection(current, section)) return
      const entry = entryOf(line.text)
      if (entry?.key !== key) return
      isPresent = true
      const found = newValueOf(rule, entry.value)
      const value = found && oneLine(found.value)
      if (value === undefined || value.trim() === entry.value) return
      if (isWritten(line.text.slice(entry.head.length), value)) return
      // Right behind a value, the sign of a comment would be a part of it.
      const apart = entry.comment === '' || isBlank(entry.comment.charAt(0)) ? '' : ' '
      lines[index] = { ...line, text: entry.head + value.trim() + apart + entry.comment }
    })
    const found = isPresent ? undefined : newValueOf(rule, undefined)
    if (found) insertKey(lines, section, key, `${separator}${oneLine(found.value).trim()}`, end)
  }
  return joinLines(lines)
}

/** The value stands there, alone or with a comment behind it: a value may itself look like one with a comment. */
function isWritten(rest: string, value: string): boolean {
  const wanted = value.trim()
  if (!rest.startsWith(wanted)) return false
  const behind = rest.slice(wanted.length)
  return (
    behind.trim() === '' || (wanted !== '' ? commentAt(behind, 0) === behind.length - behind.trimStart().length : false)
  )
}

const isSection = (current: string, wanted: string): boolean =>
  current === wanted || (wanted === '' && current.toUpperCase() === 'DEFAULT')

const unquote = (key: string): string => (/^".*"$/.test(key) ? key.slice(1, -1) : key)

const oneLine = (value: unknown): string => textOf(value).replace(/\r\n|\r|\n/g, '\\n')

function insertKey(lines: Line[], section: string, name: string, rest: string, end: string): void {
  const key = entryOf(`${name}${rest}`)?.key === name ? name : `"${name}"`
  const header = `[${section}]`
  // What could not be found again would be added at every start.
  if (/[\r\n]/.test(name + section) || entryOf(key + rest)?.key !== name || sectionNameOf(key + rest) !== undefined)
    return
  if (section !== '' && sectionNameOf(header) !== section) return

  const text = key + rest
  const headers = lines.flatMap((line, index) => (sectionNameOf(line.text) === undefined ? [] : [index]))
  const nameAt = (index: number) => sectionNameOf(lines[index]?.text ?? '')
  const own = section === '' ? -1 : headers.findLast((index) => nameAt(index) === section)
  if (own === undefined) {
    const gap = lines.length > 0 && lines.at(-1)?.text.trim() !== '' ? [''] : []
    lines.splice(0, lines.length, ...appendLines(lines, [...gap, header, text], end))
    return
  }
  let at = headers.find((index) => index > own) ?? lines.length
  while (at > own + 1 && lines[at - 1]?.text.trim() === '') at--
  if (at === lines.length) lines.splice(0, lines.length, ...appendLines(lines, [text], end))
  else lines.splice(at, 0, { text, end })
}

/** As most entries of the file have it. */
function separatorOf(text: string): string {
  const spaced = text.match(/^[^\r\n;#[=]*[^\s=] = /gm)?.length ?? 0
  const tight = text.match(/^[^\r\n;#[=]*[^\s=]=/gm)?.length ?? 0
  return spaced > tight ? ' = ' : '='
}
