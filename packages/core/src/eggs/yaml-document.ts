import { Document, Lexer, isCollection, isMap, isSeq, parseDocument } from 'yaml'

/** Far above any egg or configuration file; the reader takes some microseconds for each. */
const MAX_TOKENS = 100_000
const MAX_FLOW_DEPTH = 64
/** Maps and lists that are keys inside of keys: printing them doubles its time with each level. */
const MAX_KEY_DEPTH = 3

/** Why a YAML text is not read. */
export class YamlError extends Error {
  readonly isTooLarge: boolean

  constructor(message: string, isTooLarge: boolean, options?: ErrorOptions) {
    super(message, options)
    this.name = 'YamlError'
    this.isTooLarge = isTooLarge
  }
}

/**
 * Reads YAML 1.2 (core schema) in bounded time: a text made to be slow is refused before it is read.
 * @throws YamlError with the line
 */
export function readYamlDocument(text: string, options: { readonly intAsBigInt?: boolean } = {}): Document.Parsed {
  checkYamlSize(text)
  let document: Document.Parsed
  try {
    // Pretty errors take quadratic time on a text with many.
    document = parseDocument(text, {
      ...options,
      schema: 'core',
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'silent',
    })
  } catch (error) {
    // Deep nesting ends the parser with a RangeError.
    throw new YamlError('it is broken or nested too deeply', false, { cause: error })
  }
  const [problem] = document.errors
  if (!problem) {
    checkKeys(document.contents, 0)
    return document
  }
  const line = text.slice(0, problem.pos[0]).split('\n').length
  throw new YamlError(`${problem.message.split('\n')[0] ?? ''}, line ${line}`, false)
}

function checkKeys(node: unknown, depth: number): void {
  if (depth > MAX_KEY_DEPTH) throw new YamlError('its keys are nested too deeply', false)
  if (isSeq(node)) for (const item of node.items) checkKeys(item, depth)
  if (!isMap(node)) return
  for (const { key, value } of node.items) {
    if (isCollection(key)) checkKeys(key, depth + 1)
    checkKeys(value, depth)
  }
}

/** Before anything is read. @throws YamlError */
export function checkYamlSize(text: string): void {
  let tokens = 0
  let depth = 0
  for (const token of new Lexer().lex(text)) {
    if (++tokens > MAX_TOKENS) throw new YamlError(`it has more than ${MAX_TOKENS} parts`, true)
    if (token === '[' || token === '{') depth++
    else if (token === ']' || token === '}') depth--
    if (depth > MAX_FLOW_DEPTH) throw new YamlError('it is nested too deeply', false)
  }
}
