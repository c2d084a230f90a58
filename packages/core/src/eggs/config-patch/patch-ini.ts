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

const HEADER = /^\s*\[(.*)\]\s*(?:[;#].*)?$/
const COMMENT = /^\s*[;#]/
/** Indent and key, separator, value, and a comment set apart by white space. */
const ENTRY = /^(\s*(?:"[^"]*"|[^=:\s](?:[^=:]*[^=:\s])?))(\s*[=:]\s*)(.*?)(\s+;.*|\s+#(?:\s.*)?)?$/

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
      const header = HEADER.exec(line.text)
      if (header) current = (header[1] ?? '').trim()
      if (header || !isSection(current, section) || COMMENT.test(line.text)) return
      const [, head = '', between = '', value = '', comment = ''] = ENTRY.exec(line.text) ?? []
      if (head === '' || unquote(head.trim()) !== key) return
      isPresent = true
      const found = newValueOf(rule, value)
      if (found) lines[index] = { ...line, text: head + between + oneLine(found.value) + comment }
    })
    const found = isPresent ? undefined : newValueOf(rule, undefined)
    if (found) insertKey(lines, section, `${key}${separator}${oneLine(found.value)}`, end)
  }
  return joinLines(lines)
}

const isSection = (current: string, wanted: string): boolean =>
  current === wanted || (wanted === '' && current.toUpperCase() === 'DEFAULT')

const unquote = (key: string): string => (/^".*"$/.test(key) ? key.slice(1, -1) : key)

const oneLine = (value: unknown): string => textOf(value).replace(/\r?\n/g, '\\n')

function insertKey(lines: Line[], section: string, text: string, end: string): void {
  const headers = lines.flatMap((line, index) => (HEADER.test(line.text) ? [index] : []))
  const nameAt = (index: number) => (HEADER.exec(lines[index]?.text ?? '')?.[1] ?? '').trim()
  const own = section === '' ? -1 : headers.findLast((index) => nameAt(index) === section)
  if (own === undefined) {
    closeLast(lines, end)
    if (lines.length > 0 && lines.at(-1)?.text.trim() !== '') lines.push({ text: '', end })
    lines.push({ text: `[${section}]`, end }, { text, end })
    return
  }
  let at = headers.find((index) => index > own) ?? lines.length
  while (at > own + 1 && lines[at - 1]?.text.trim() === '') at--
  if (at === lines.length) closeLast(lines, end)
  lines.splice(at, 0, { text, end })
}

function closeLast(lines: Line[], end: string): void {
  const last = lines.at(-1)
  if (last && last.end === '') lines[lines.length - 1] = { ...last, end }
}

/** As most entries of the file have it. */
function separatorOf(text: string): string {
  const spaced = text.match(/^[^\r\n;#[=]*[^\s=] = /gm)?.length ?? 0
  const tight = text.match(/^[^\r\n;#[=]*[^\s=]=/gm)?.length ?? 0
  return spaced > tight ? ' = ' : '='
}
