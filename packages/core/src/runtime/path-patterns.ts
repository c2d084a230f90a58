/** Says whether something, named by the names on its way from the root, is matched. */
export interface PathPatterns {
  readonly isEmpty: boolean
  matches(names: readonly string[], isDirectory: boolean): boolean
}

interface Rule {
  readonly isNegated: boolean
  readonly isForDirectories: boolean
  readonly segments: readonly (readonly Token[] | typeof ANY_DEPTH)[]
}

type Token = { readonly kind: 'star' } | { readonly kind: 'one'; readonly accepts: (unit: string) => boolean }

/** Two stars between slashes; git takes more of them for the same. */
const ANY_DEPTH = '**'

/**
 * Reads patterns as git reads those of a `.gitignore` at the root. What lies in a matched directory is matched as well, and the
 * last rule that fits decides. No pattern costs more than its length times the length of a name, whoever wrote it.
 * @example compilePathPatterns(['/config/*.key', '!/config/public.key']).matches(['config', 'a.key'], false) // true
 */
export function compilePathPatterns(patterns: readonly string[]): PathPatterns {
  const rules = patterns.flatMap((line) => ruleOf(line) ?? [])
  const verdict = (names: readonly string[], isDirectory: boolean) => {
    const rule = rules.findLast((one) => (isDirectory || !one.isForDirectories) && fitsPath(one.segments, names))
    return rule !== undefined && !rule.isNegated
  }
  return {
    isEmpty: rules.length === 0,
    matches(names, isDirectory) {
      if (rules.length === 0) return false
      for (let length = 1; length <= names.length; length++) {
        if (verdict(names.slice(0, length), isDirectory || length < names.length)) return true
      }
      return false
    },
  }
}

/** One name against one pattern with `*`, `?` and `[…]`; the whole name has to fit. @example compileGlob('*.jar')('server.jar') */
export function compileGlob(pattern: string): (name: string) => boolean {
  const tokens = tokensOf(pattern)
  return (name) => fitsName(tokens, name)
}

function ruleOf(line: string): Rule | null {
  let text = line.replace(/\r$/, '').replace(/(?<!\\)[ \t]+$/, '')
  if (text === '' || text.startsWith('#')) return null
  const isNegated = text.startsWith('!')
  if (isNegated) text = text.slice(1)
  const isForDirectories = text.endsWith('/')
  if (isForDirectories) text = text.slice(0, -1)
  const isAnchored = text.includes('/')
  const parts = text.split('/').filter((part) => part !== '')
  if (parts.length === 0) return null
  const segments = parts.map((part) => (/^\*{2,}$/.test(part) ? ANY_DEPTH : tokensOf(part)))
  return { isNegated, isForDirectories, segments: isAnchored ? segments : [ANY_DEPTH, ...segments] }
}

function fitsPath(segments: Rule['segments'], names: readonly string[]): boolean {
  let [at, name] = [0, 0]
  // The last `**`, and how many names it has taken so far.
  let [retryAt, retryName] = [-1, 0]
  while (name < names.length) {
    const segment = segments[at]
    if (segment === ANY_DEPTH) {
      // At the end it stands for what is in the directory, not for the directory itself.
      if (at === segments.length - 1) return true
      ;[retryAt, retryName] = [at, name]
      at += 1
    } else if (segment !== undefined && fitsName(segment, names[name]!)) {
      at += 1
      name += 1
    } else if (retryAt >= 0) {
      retryName += 1
      ;[at, name] = [retryAt + 1, retryName]
    } else return false
  }
  return at === segments.length
}

function fitsName(tokens: readonly Token[], name: string): boolean {
  let [at, unit] = [0, 0]
  let [retryAt, retryUnit] = [-1, 0]
  while (unit < name.length) {
    const token = tokens[at]
    if (token?.kind === 'star') {
      ;[retryAt, retryUnit] = [at, unit]
      at += 1
    } else if (token !== undefined && token.accepts(name[unit]!)) {
      at += 1
      unit += 1
    } else if (retryAt >= 0) {
      retryUnit += 1
      ;[at, unit] = [retryAt + 1, retryUnit]
    } else return false
  }
  while (tokens[at]?.kind === 'star') at += 1
  return at === tokens.length
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  for (let at = 0; at < text.length; at++) {
    const unit = text[at]!
    if (unit === '*') {
      if (tokens.at(-1)?.kind !== 'star') tokens.push({ kind: 'star' })
    } else if (unit === '?') tokens.push({ kind: 'one', accepts: () => true })
    else if (unit === '[') {
      const set = setAt(text, at)
      if (set) tokens.push({ kind: 'one', accepts: set.accepts })
      else tokens.push(literal(unit))
      at = set?.end ?? at
    } else if (unit === '\\' && at + 1 < text.length) tokens.push(literal(text[++at]!))
    else tokens.push(literal(unit))
  }
  return tokens
}

function literal(wanted: string): Token {
  return { kind: 'one', accepts: (unit) => unit === wanted }
}

/** The set of characters that begins at `[`; null when it has no end, and the bracket is a character like others. */
function setAt(text: string, start: number): { accepts: (unit: string) => boolean; end: number } | null {
  let at = start + 1
  const isNegated = text[at] === '!' || text[at] === '^'
  if (isNegated) at += 1
  const ranges: (readonly [string, string])[] = []
  for (let isFirst = true; at < text.length; at++, isFirst = false) {
    if (text[at] === ']' && !isFirst) {
      return { accepts: (unit) => isNegated !== ranges.some(([from, to]) => unit >= from && unit <= to), end: at }
    }
    if (text[at] === '\\' && at + 1 < text.length) at += 1
    const from = text[at]!
    const hasRange = text[at + 1] === '-' && at + 2 < text.length && text[at + 2] !== ']'
    ranges.push([from, hasRange ? text[at + 2]! : from])
    if (hasRange) at += 2
  }
  return null
}
