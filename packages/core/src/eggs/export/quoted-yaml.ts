import { isMap, type Tree } from '../tree.ts'
import { inDoubleQuotes } from './symfony-yaml.ts'

/** What js-yaml prints as it is, in single quotes; anything else needs double ones. */
const PRINTABLE = /^[\u0020-\u007e\u00a1-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]*$/u
const PLAIN_KEY = /^(?![\s\-?:,[\]{}#&*!|=>'"%@`])(?!.*(?::\s|:$|\s#|\s$))/
/** What a reader would take for something else than a text. */
const AMBIGUOUS =
  /^(?:null|~|true|false|y|n|yes|no|on|off|<<|[-+]?(?:[\d.][\d_.,:]*(?:e[-+]?\d+)?|\.(?:inf|nan)|0[box][\da-f_]+)|\d{4}-\d\d?-\d\d?.*)$/i

const writeText = (text: string): string =>
  PRINTABLE.test(text) ? `'${text.replaceAll("'", "''")}'` : inDoubleQuotes(text)

const writeKey = (key: string): string =>
  key !== '' && PRINTABLE.test(key) && PLAIN_KEY.test(key) && !AMBIGUOUS.test(key) ? key : writeText(key)

/** Writes YAML with every text in quotes, as js-yaml does when it is told to; Calagopus exports this. */
export function writeQuotedYaml(tree: Tree): string {
  const block = (value: Tree, margin: string): string[] => {
    if (isMap(value) && value.size > 0)
      return [...value].flatMap(([key, item]) => entry(`${writeKey(key)}:`, item, margin))
    if (Array.isArray(value) && value.length > 0) return value.flatMap((item) => listed(item, margin))
    return [`${margin}${scalar(value)}`]
  }
  const entry = (lead: string, item: Tree, margin: string): string[] =>
    isBranch(item) ? [`${margin}${lead}`, ...block(item, `${margin}  `)] : [`${margin}${lead} ${scalar(item)}`]
  // The first line of an item stands behind its dash.
  const listed = (item: Tree, margin: string): string[] => {
    const [first = '', ...rest] = block(item, `${margin}  `)
    return [`${margin}- ${first.slice(margin.length + 2)}`, ...rest]
  }
  return `${block(tree, '').join('\n')}\n`
}

const isBranch = (value: Tree): boolean =>
  (isMap(value) && value.size > 0) || (Array.isArray(value) && value.length > 0)

function scalar(value: Tree): string {
  if (typeof value === 'string') return writeText(value)
  if (isMap(value)) return '{}'
  if (Array.isArray(value)) return '[]'
  return typeof value === 'number' && !Number.isFinite(value) ? 'null' : String(value)
}
