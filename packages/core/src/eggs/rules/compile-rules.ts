import { createPattern, type Pattern } from '../pattern/pattern.ts'
import { PatternError, type PatternFlags } from '../pattern/pattern-tree.ts'
import { parseCsv } from './php.ts'

/** One token of a rule list. */
export interface CompiledRule {
  /** Laravel's name: `Required`, `AlphaDash`, `DigitsBetween`. */
  readonly name: string
  /** A parameter is null where nothing stands after the colon. */
  readonly parameters: readonly (string | null)[]
  readonly written: string
  readonly pattern?: CompiledPattern
}

export interface CompiledPattern {
  /** Null for a pattern that PCRE would refuse, or this engine. Compiled when it is first asked for. */
  readonly compile: () => Pattern | null
  /** Without the flag `u` the pattern sees bytes. */
  readonly isUnicode: boolean
  /** How a browser's `RegExp` writes it; null where it cannot. */
  readonly source: string
  readonly flags: PatternFlags
}

export interface CompiledRules {
  readonly rules: readonly CompiledRule[]
}

/**
 * Reads Laravel rules: a text is split at every `|`, a list is taken item by item. Never throws; what is unknown or
 * broken shows when a value is validated.
 *
 * @example validateValue(compileRules('required|string|max:20'), 'survival').ok
 */
export function compileRules(rules: string | readonly string[]): CompiledRules {
  const tokens = typeof rules === 'string' ? rules.split('|') : rules
  return { rules: tokens.map(compileRule).filter((rule) => rule !== null) }
}

function compileRule(written: string): CompiledRule | null {
  const colon = written.indexOf(':')
  const raw = colon < 0 ? written : written.slice(0, colon)
  const name = nameOf(raw)
  if (name === '') return null
  if (colon < 0) return { name, parameters: [], written }

  const parameter = written.slice(colon + 1)
  if (!/^(?:regex|not_regex|notregex)$/i.test(raw)) return { name, parameters: parseCsv(parameter), written }
  const pattern = readPattern(parameter)
  return { name, parameters: [parameter], written, ...(pattern && { pattern }) }
}

const SHORT: Readonly<Record<string, string>> = { Int: 'Integer', Bool: 'Boolean' }
const KNOWN = new Map<string, string>()

/** `alpha_dash`, `alpha-dash` and `alphaDash` are the same. */
function nameOf(raw: string): string {
  const known = KNOWN.get(raw)
  if (known !== undefined) return known
  const words = raw.replace(/^[\s\0]+|[\s\0]+$/g, '').split(/[-_ ]/)
  const studly = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
  const name = Object.hasOwn(SHORT, studly) ? (SHORT[studly] ?? studly) : studly
  if (KNOWN.size < 200) KNOWN.set(raw, name)
  return name
}

const BRACKETS: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}', '<': '>' }

/** Reads a pattern with its delimiters, as `preg_match` does; null where PHP would warn. */
function readPattern(written: string): CompiledPattern | null {
  const text = written.replace(/^[ \t\n\r\v\f]+/, '')
  const open = text.charAt(0)
  if (open === '' || /[A-Za-z0-9\\\0]/.test(open)) return null
  const close = Object.hasOwn(BRACKETS, open) ? (BRACKETS[open] ?? open) : open
  const end = endOf(text, open, close)
  if (end < 0) return null
  const letters = text.slice(end + 1).replace(/[ \r\n]/g, '')
  if (/[^imsxuDUSXJnA]/.test(letters)) return null

  const source = text.slice(1, end)
  const flags: PatternFlags = {
    ignoreCase: letters.includes('i'),
    multiline: letters.includes('m'),
    dotAll: letters.includes('s'),
    extended: letters.includes('x'),
    dollarEndOnly: letters.includes('D'),
    ungreedy: letters.includes('U'),
    isUnicode: letters.includes('u'),
  }
  const isUnicode = letters.includes('u')
  const anchored = letters.includes('A') ? `\\A(?:${source})` : source
  let compiled: Pattern | null | undefined
  const compile = (): Pattern | null => {
    if (compiled === undefined) compiled = tryPattern(isUnicode ? anchored : toBytes(anchored), flags)
    return compiled
  }
  return { compile, isUnicode, source, flags }
}

function tryPattern(source: string, flags: PatternFlags): Pattern | null {
  try {
    return createPattern(source, flags)
  } catch (error) {
    if (error instanceof PatternError) return null
    throw error
  }
}

function endOf(text: string, open: string, close: string): number {
  let depth = 1
  for (let at = 1; at < text.length; at++) {
    const char = text[at]
    if (char === '\\') at++
    else if (char === close && --depth === 0) return at
    else if (char === open && open !== close) depth++
  }
  return -1
}

/** UTF-8 bytes as characters of one byte each. */
export function toBytes(text: string): string {
  return /^[\0-\x7f]*$/.test(text)
    ? text
    : Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('')
}
