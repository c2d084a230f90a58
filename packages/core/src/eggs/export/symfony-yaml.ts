import { isMap, type Tree } from '../tree.ts'

/** Deeper maps and lists stand in one line. */
const INLINE_FROM = 10
const INDENT = 2

const WORDS: ReadonlySet<string> = new Set(['null', '~', 'true', 'false', 'y', 'n', 'yes', 'no', 'on', 'off'])
const NUMERIC = /^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\s*$/
// oxlint-disable-next-line no-control-regex -- these need an escape
const NEEDS_ESCAPES = /[\u0000-\u001f\u007f\u0085\u00a0\u2028\u2029\ufeff]|\p{Cs}/u
// oxlint-disable-next-line no-control-regex -- a literal block cannot hold them
const NOT_IN_BLOCK = /[\u0000-\u0008\u000b-\u001f\u007f\u0085\u2028\u2029\ufeff]|\p{Cs}|^\s*$/u
const NEEDS_QUOTES = /[\s'":{}[\],&*#?]|^[-?|<>=!%@`\p{Zs}]/u
const TIMESTAMP = /^\d{4}-\d\d?-\d\d?(?:(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::\d\d)?))?)?$/
/** What Symfony writes bare, and other readers of YAML would take for a number. */
const ELSEWHERE_A_NUMBER = /^[+-]?(?:0o[0-7]+|\.inf|\.nan)$/i

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\0': '\\0',
  '\u0007': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\u001b': '\\e',
  '\u0085': '\\N',
  '\u00a0': '\\_',
  '\u2028': '\\L',
  '\u2029': '\\P',
}

/** A YAML text in double quotes; lone surrogates and the like are written as escapes. */
export function inDoubleQuotes(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these need an escape
  const escaped = text.replace(/["\\\u0000-\u001f\u007f\u0085\u00a0\u2028\u2029\ufeff]|\p{Cs}/gu, (char) => {
    const known = ESCAPES[char]
    if (known !== undefined) return known
    const code = char.charCodeAt(0)
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
  })
  return `"${escaped}"`
}

function writeText(text: string): string {
  if (text === '') return "''"
  if (NEEDS_ESCAPES.test(text)) return inDoubleQuotes(text)
  if (NUMERIC.test(text)) return `'${text}'`
  if (WORDS.has(text.toLowerCase()) || NEEDS_QUOTES.test(text)) {
    const single = `'${text.replaceAll("'", "''")}'`
    if (!text.includes("'")) return single
    const double = inDoubleQuotes(text)
    return byteLength(double) < byteLength(single) ? double : single
  }
  if (/^\d[\d_]*$/.test(text) || /^0x[0-9a-f_]+$/i.test(text) || TIMESTAMP.test(text)) return `'${text}'`
  return ELSEWHERE_A_NUMBER.test(text) ? `'${text}'` : text
}

const byteLength = (text: string): number => new TextEncoder().encode(text).length

/** PHP turns a key that is a whole number into an integer. */
const writeKey = (key: string): string => (/^(?:0|-?[1-9]\d{0,17})$/.test(key) ? key : writeText(key))

function writeInline(value: Tree): string {
  if (value === null) return 'null'
  if (typeof value === 'string') return writeText(value)
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : 'null'
  if (isMap(value)) {
    if (value.size === 0) return '{  }'
    return `{ ${Array.from(value, ([key, item]) => `${writeKey(key)}: ${writeInline(item)}`).join(', ')} }`
  }
  if (Array.isArray(value)) return value.length === 0 ? '{  }' : `[${value.map(writeInline).join(', ')}]`
  return String(value)
}

const isBranch = (value: Tree): boolean =>
  (isMap(value) && value.size > 0) || (Array.isArray(value) && value.length > 0)

/**
 * Writes YAML as Pelican does (Symfony's dumper with 10 levels, 2 spaces and literal blocks), except that each text stays
 * the text that it is.
 */
export function writeSymfonyYaml(tree: Tree): string {
  const lines: string[] = []
  const write = (value: Tree, depth: number, margin: string) => {
    const entries: [string, Tree][] = isMap(value)
      ? Array.from(value, ([key, item]) => [`${writeKey(key)}:`, item])
      : Array.isArray(value)
        ? value.map((item) => ['-', item])
        : []
    for (const [lead, item] of entries) {
      if (typeof item === 'string' && isLiteral(item)) {
        lines.push(...literal(`${margin}${lead}`, item, margin))
      } else if (isBranch(item) && depth + 1 < INLINE_FROM) {
        lines.push(`${margin}${lead}`)
        write(item, depth + 1, `${margin}${' '.repeat(INDENT)}`)
      } else {
        lines.push(`${margin}${lead} ${writeInline(item)}`)
      }
    }
  }
  if (!isBranch(tree)) return `${writeInline(tree)}\n`
  write(tree, 0, '')
  const text = lines.join('\n')
  return endsInBlock(tree) ? text : `${text}\n`
}

const isLiteral = (text: string): boolean => text.includes('\n') && !NOT_IN_BLOCK.test(text)

function literal(lead: string, text: string, margin: string): string[] {
  const rows = (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n')
  // Of rows of spaces alone Symfony takes no notice, but a reader takes the deepest of them for the margin.
  const first = rows.find((row) => row !== '') ?? ''
  const indicator = first.startsWith(' ') ? String(INDENT) : ''
  const chomping = text.endsWith('\n\n') ? '+' : text.endsWith('\n') ? '' : '-'
  const inner = `${margin}${' '.repeat(INDENT)}`
  return [`${lead} |${indicator}${chomping}`, ...rows.map((row) => (row === '' ? '' : `${inner}${row}`))]
}

/** Symfony ends a literal block without a newline. */
function endsInBlock(tree: Tree): boolean {
  let at: Tree | undefined = tree
  let depth = 0
  while (at !== undefined && isBranch(at) && depth++ < INLINE_FROM) {
    at = isMap(at) ? [...at.values()].at(-1) : Array.isArray(at) ? at.at(-1) : undefined
  }
  return typeof at === 'string' && isLiteral(at) && !at.endsWith('\n')
}
