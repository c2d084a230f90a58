import { codePoints, createPattern, newBudget, type Match, type Pattern } from '../pattern/pattern.ts'
import { PatternError } from '../pattern/pattern-tree.ts'
import { ConfigPatchError } from './config-patch-error.ts'

export { ConfigPatchError }

/** One value to set. */
export interface ConfigReplacement {
  /** Where: a path such as `listeners[0].host`; with the parser `file`, the beginning of a line. */
  readonly match: string
  /** Sets only where this stands: the whole value, or `regex:` and a pattern to find in it; null or empty sets always. */
  readonly ifValue: string | null
  /** Text, number, boolean or null; `$1` is a group of the `regex:` pattern. */
  readonly value: unknown
  /** Adds what is not there. @default true, with the parser `file` false */
  readonly insertNew?: boolean
  /** Changes what is there. @default true */
  readonly updateExisting?: boolean
}

export type ConfigParser = 'file' | 'properties' | 'ini' | 'json' | 'yaml' | 'xml' | 'toml'

/** What only the agent knows. */
export interface PatchContext {
  /** Address of the Docker network, for `{{config.docker.interface}}`. */
  readonly dockerInterface?: string
}

/** A scalar as a text file holds it. */
export function textOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

const DOCKER_INTERFACE = /\{\{\s?config\.docker\.(?:network\.)?interface\s?\}\}/g

/** The replacements with `{{config.…}}` put in; what the agent does not give away stays as it is. */
export function withContext(replacements: readonly ConfigReplacement[], context: PatchContext): ConfigReplacement[] {
  const { dockerInterface } = context
  if (dockerInterface === undefined) return [...replacements]
  return replacements.map((entry) =>
    typeof entry.value === 'string'
      ? { ...entry, value: entry.value.replace(DOCKER_INTERFACE, () => dockerInterface) }
      : entry,
  )
}

/** Replacements of one place, in order. */
export interface Rule {
  readonly match: string
  readonly entries: readonly ConfigReplacement[]
}

/**
 * Groups by `match`, so that what one entry wrote is not the present value of the next. A place in a structured file has a
 * name; one without is left out.
 */
export const rulesOf = (replacements: readonly ConfigReplacement[]): Rule[] =>
  lineRulesOf(replacements.filter(({ match }) => match !== ''))

/** As `rulesOf`; an empty match is kept, because every line begins with it. */
export function lineRulesOf(replacements: readonly ConfigReplacement[]): Rule[] {
  const rules = new Map<string, ConfigReplacement[]>()
  for (const entry of replacements) {
    const entries = rules.get(entry.match)
    if (entries) entries.push(entry)
    else rules.set(entry.match, [entry])
  }
  return Array.from(rules, ([match, entries]) => ({ match, entries }))
}

/**
 * The value to write where `present` stands (undefined where nothing does), or undefined to leave it. A plain `ifValue`
 * must equal it; `regex:` must be found in it, and what it finds is replaced, with `$1` for its groups. The last entry
 * that applies counts.
 */
export function newValueOf({ entries }: Rule, present: string | undefined): { readonly value: unknown } | undefined {
  let result: { readonly value: unknown } | undefined
  for (const { ifValue, value, insertNew = true, updateExisting = true } of entries) {
    if (!(present === undefined ? insertNew : updateExisting)) continue
    if (ifValue === null || ifValue === '') result = { value }
    else if (present === undefined) continue
    else if (!ifValue.startsWith('regex:')) {
      if (ifValue === present) result = { value }
    } else {
      const replaced = replaceMatches(ifValue.slice('regex:'.length), present, textOf(value))
      if (replaced !== undefined) result = { value: replaced }
    }
  }
  return result
}

/** A value in a configuration file is short; what is longer meets no pattern. */
const MAX_MATCHED = 4096
const MAX_MATCHES = 100

/** Undefined where the pattern is broken or is not found. */
function replaceMatches(source: string, present: string, template: string): string | undefined {
  const pattern = present.length <= MAX_MATCHED ? patternOf(source) : undefined
  if (!pattern) return undefined
  const input = codePoints(present)
  const result: string[] = []
  let from = 0
  let at = 0
  let found = 0
  const budget = newBudget()
  while (at <= input.length && found < MAX_MATCHES) {
    const match = pattern.find(input, at, budget)
    if (!match) break
    const [start = 0, end = 0] = match
    found++
    result.push(textBetween(input, from, start), expand(template, input, match))
    from = end
    at = end > start ? end : end + 1
  }
  if (found === 0) return undefined
  result.push(textBetween(input, from, input.length))
  return result.join('')
}

function patternOf(source: string): Pattern | undefined {
  try {
    return createPattern(source, { dollarEndOnly: true, isRe2: true })
  } catch (error) {
    if (error instanceof PatternError) return undefined
    throw error
  }
}

const textBetween = (input: readonly number[], from: number, to: number): string =>
  input
    .slice(from, to)
    .map((code) => String.fromCodePoint(code))
    .join('')

/** Go's template: `$1`, `${1}`, and `$$` for a dollar. */
const expand = (template: string, input: readonly number[], match: Match): string =>
  template.replace(/\$(?:(\$)|(\w+)|\{(\w+)\})/g, (_, dollar: string | undefined, bare?: string, braced?: string) => {
    if (dollar !== undefined) return '$'
    const name = bare ?? braced ?? ''
    if (!/^\d{1,4}$/.test(name)) return ''
    const from = match[Number(name) * 2] ?? -1
    const to = match[Number(name) * 2 + 1] ?? -1
    return from < 0 || to < 0 ? '' : textBetween(input, from, to)
  })

/** The line end that most lines of the file have. */
export function lineEndOf(text: string): '\n' | '\r\n' {
  const windows = text.split('\r\n').length - 1
  const all = text.split('\n').length - 1
  return windows * 2 > all ? '\r\n' : '\n'
}

export interface Line {
  readonly text: string
  /** `''` for a last line without one. */
  readonly end: string
}

export function linesOf(text: string): Line[] {
  const parts = text.split(/(\r?\n)/)
  const lines: Line[] = []
  for (let index = 0; index < parts.length; index += 2) {
    const line = { text: parts[index] ?? '', end: parts[index + 1] ?? '' }
    if (line.text !== '' || line.end !== '') lines.push(line)
  }
  return lines
}

export const joinLines = (lines: readonly Line[]): string => lines.map(({ text, end }) => text + end).join('')

/** One change of a text; changes must not overlap. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** Of several at one place, the first comes first. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  const parts: string[] = []
  let at = 0
  for (const { start, end, text: inserted } of edits.toSorted((left, right) => left.start - right.start)) {
    parts.push(text.slice(at, start), inserted)
    at = end
  }
  return parts.join('') + text.slice(at)
}
