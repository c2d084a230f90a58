import { ConfigPatchError } from './replacement.ts'

export interface TomlNode {
  readonly path: readonly (string | number)[]
  readonly kind: 'text' | 'number' | 'boolean' | 'date' | 'map' | 'list'
  readonly start: number
  readonly end: number
}

export interface TomlTable {
  readonly path: readonly (string | number)[]
  /** Where its header begins. */
  readonly start: number
  /** Behind its last entry, before blank lines and the next header. */
  readonly end: number
}

export interface TomlFile {
  /** Every value, those inside lists and inline tables included. */
  readonly nodes: readonly TomlNode[]
  /** The first is the root. */
  readonly tables: readonly TomlTable[]
}

const BLANK = /(?:[ \t\r\n]+|#[^\n]*)*/y
const SPACE = /[ \t]*/y
const BARE_KEY = /[A-Za-z0-9_-]+/y
const TEXT = /"""[^"\\]*(?:(?:\\[\s\S]|"(?!""))[^"\\]*)*"""+|'''[\s\S]*?'''+|"[^"\\\n]*(?:\\.[^"\\\n]*)*"|'[^'\n]*'/y
const SCALAR = /(?:\d{4}-\d{2}-\d{2}[Tt ]\d{2}:[^\s,\]}#]+|[^\s,\]}#]+)/y

/**
 * Reads TOML with offsets, as far as patching needs it.
 * @throws ConfigPatchError
 */
export function readToml(text: string): TomlFile {
  const nodes: TomlNode[] = []
  const tables: { path: (string | number)[]; start: number; end: number }[] = [{ path: [], start: 0, end: 0 }]
  const counts = new Map<string, number>()
  let at = 0

  const fail = (): never => {
    const line = text.slice(0, at).split('\n').length
    throw new ConfigPatchError(`The TOML is broken in line ${line}; it is left as it is.`)
  }
  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at
    const [found = ''] = pattern.exec(text) ?? []
    at += found.length
    return found
  }
  const key = (): string[] => {
    const names: string[] = []
    for (;;) {
      take(SPACE)
      const quoted = text[at] === '"' || text[at] === "'" ? take(TEXT) : ''
      const name = quoted === '' ? take(BARE_KEY) : decodeTomlText(quoted)
      if (quoted === '' && name === '') return fail()
      names.push(name)
      if (names.length > 100) return fail()
      take(SPACE)
      if (text[at] !== '.') return names
      at++
    }
  }
  const value = (path: (string | number)[], depth: number): void => {
    if (depth > 100) fail()
    const start = at
    const char = text[at]
    if (char === '[') {
      at++
      for (let index = 0; ; index++) {
        take(BLANK)
        if (text[at] === ']') break
        value([...path, index], depth + 1)
        take(BLANK)
        if (text[at] === ',') at++
        else if (text[at] !== ']') fail()
      }
      at++
      nodes.push({ path, kind: 'list', start, end: at })
      return
    }
    if (char === '{') {
      at++
      for (;;) {
        take(BLANK)
        if (text[at] === '}') break
        const names = key()
        if (text[at] !== '=') fail()
        at++
        take(SPACE)
        value([...path, ...names], depth + 1)
        take(BLANK)
        if (text[at] === ',') at++
        else if (text[at] !== '}') fail()
      }
      at++
      nodes.push({ path, kind: 'map', start, end: at })
      return
    }
    const isText = char === '"' || char === "'"
    const found = take(isText ? TEXT : SCALAR)
    if (found === '') fail()
    nodes.push({ path, kind: isText ? 'text' : kindOf(found), start, end: at })
  }
  /** Arrays of tables on the way count from their newest one. */
  const located = (names: readonly string[]): (string | number)[] => {
    const path: (string | number)[] = []
    for (const name of names) {
      path.push(name)
      const count = counts.get(JSON.stringify(path))
      if (count !== undefined) path.push(count - 1)
    }
    return path
  }

  for (take(BLANK); at < text.length; take(BLANK)) {
    if (text[at] === '[') {
      const start = at
      const isList = text[at + 1] === '['
      at += isList ? 2 : 1
      const names = key()
      if (!text.startsWith(isList ? ']]' : ']', at)) fail()
      at += isList ? 2 : 1
      if (isList) {
        const parent = [...located(names.slice(0, -1)), names.at(-1) ?? '']
        const id = JSON.stringify(parent)
        counts.set(id, (counts.get(id) ?? 0) + 1)
      }
      tables.push({ path: located(names), start, end: lineEndFrom(text, at) })
      continue
    }
    const table = tables.at(-1)
    const names = key()
    if (text[at] !== '=') fail()
    at++
    take(SPACE)
    value([...(table?.path ?? []), ...names], 0)
    if (table) table.end = lineEndFrom(text, at)
  }
  return { nodes, tables }
}

/** Where the line ends that `at` is in. */
export function lineEndFrom(text: string, at: number): number {
  const newline = text.indexOf('\n', at)
  const end = newline < 0 ? text.length : newline
  return text[end - 1] === '\r' ? end - 1 : end
}

function kindOf(written: string): 'number' | 'boolean' | 'date' {
  if (written === 'true' || written === 'false') return 'boolean'
  return /^\d{4}-\d{2}-\d{2}|^\d{2}:\d{2}/.test(written) ? 'date' : 'number'
}

const ESCAPES: Readonly<Record<string, string>> = { b: '\b', t: '\t', n: '\n', f: '\f', r: '\r', e: '\u001b' }

export function decodeTomlText(written: string): string {
  const isMultiline = /^(?:"""|''')/.test(written)
  const size = isMultiline ? 3 : 1
  const inner = written.slice(size, -size).replace(isMultiline ? /^\r?\n/ : /^$/, '')
  if (written.startsWith("'")) return inner
  return inner.replace(
    /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|([ \t]*\r?\n\s*)|(.))/gs,
    (_, short?: string, long?: string, byte?: string, joined?: string, char?: string) => {
      if (joined !== undefined) return ''
      const hex = short ?? long ?? byte
      if (hex === undefined) return ESCAPES[char ?? ''] ?? char ?? ''
      const code = Number.parseInt(hex, 16)
      return code <= 0x10ffff ? String.fromCodePoint(code) : ''
    },
  )
}
