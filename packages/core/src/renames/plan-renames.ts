import { RE2JS, RE2JSException } from 're2js'
import { AppError } from '../errors/index.ts'
import type { RenameRule, RenameScope } from './rules.ts'

export interface Rename {
  readonly from: string
  readonly to: string
}

/** A pattern may be this long; a name is at most 255 bytes. */
const MAX_PATTERN_LENGTH = 1000
/** What replacing may make of a name before it is cut; no file system takes a longer one. */
const MAX_NAME_LENGTH = 4096

type Step = (name: string, index: number) => string

/**
 * The new name of each name, in their order; one that no rule changes is given back as it is. Says nothing about whether the
 * new names can be had: see `checkRenames`.
 * @throws AppError `RENAME_RULE_INVALID`
 * @example planRenames(['a.TXT'], [{ kind: 'case', to: 'lower', scope: 'extension' }]) // [{ from: 'a.TXT', to: 'a.txt' }]
 */
export function planRenames(names: readonly string[], rules: readonly RenameRule[]): Rename[] {
  const steps = rules.map(stepOf)
  return names.map((from, index) => ({
    from,
    to: steps.reduce((name, step) => step(name, index).slice(0, MAX_NAME_LENGTH), from),
  }))
}

function stepOf(rule: RenameRule, position: number): Step {
  switch (rule.kind) {
    case 'replace': {
      const replace = replacerOf(rule, position + 1)
      return (name) => within(name, rule.scope, replace)
    }
    case 'case':
      return (name) => within(name, rule.scope, CASES[rule.to])
    case 'add':
      return (name) =>
        within(name, rule.scope, (part) => (rule.at === 'start' ? `${rule.text}${part}` : `${part}${rule.text}`))
    case 'number':
      return (name, index) => within(name, 'name', (part) => numbered(rule, part, index))
    default:
      return rule satisfies never
  }
}

function replacerOf(
  { find, with: text, isPattern = false, isCaseSensitive = true, isOnce = false }: RenameRule & { kind: 'replace' },
  position: number,
): (part: string) => string {
  const invalid = (reason: string, cause?: unknown) =>
    new AppError('RENAME_RULE_INVALID', { position, reason }, { cause })
  if (find === '') throw invalid('there is nothing to look for')
  if (find.length > MAX_PATTERN_LENGTH) throw invalid(`the pattern is longer than ${MAX_PATTERN_LENGTH} characters`)
  let pattern: RE2JS
  try {
    pattern = RE2JS.compile(isPattern ? find : RE2JS.quote(find), isCaseSensitive ? 0 : RE2JS.CASE_INSENSITIVE)
  } catch (error) {
    if (error instanceof RE2JSException) throw invalid(error.message, error)
    throw error
  }
  const replacement = isPattern ? text : text.replaceAll('$', '$$$$')
  return (part) => {
    const matcher = pattern.matcher(part)
    return isOnce ? matcher.replaceFirst(replacement) : matcher.replaceAll(replacement)
  }
}

const CASES: Readonly<Record<'lower' | 'upper' | 'title', (part: string) => string>> = {
  lower: (part) => part.toLowerCase(),
  upper: (part) => part.toUpperCase(),
  title: (part) =>
    part.toLowerCase().replace(/(^|[^\p{L}\p{N}'’])(\p{L})/gu, (_all, before: string, letter: string) => {
      return before + letter.toUpperCase()
    }),
}

function numbered(
  { start, step = 1, digits = 1, at, separator = '' }: RenameRule & { kind: 'number' },
  part: string,
  index: number,
): string {
  const value = start + index * step
  const number = `${value < 0 ? '-' : ''}${String(Math.abs(value)).padStart(digits, '0')}`
  if (at === 'instead') return number
  return at === 'start' ? `${number}${separator}${part}` : `${part}${separator}${number}`
}

function within(name: string, scope: RenameScope = 'name', change: (part: string) => string): string {
  if (scope === 'whole') return change(name)
  const at = extensionAt(name)
  if (scope === 'name') return change(name.slice(0, at)) + name.slice(at)
  return at === name.length ? name : `${name.slice(0, at + 1)}${change(name.slice(at + 1))}`
}

/** Where the dot of the extension is; the end when there is none. A dot at the start makes none, `.tar.gz` is one. */
function extensionAt(name: string): number {
  const match = /(?<=.)(\.tar)?\.[^.]*$/s.exec(name)
  return match && match[0] !== '.' ? match.index : name.length
}
