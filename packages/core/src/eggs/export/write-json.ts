import { isMap, type Tree } from '../tree.ts'

export interface JsonStyle {
  readonly indent: number
  /** PHP's default: `/` is written `\/`. */
  readonly escapesSlashes: boolean
  /** PHP's default: everything outside ASCII is written `\uXXXX`. */
  readonly escapesUnicode: boolean
  /** Go's default: `<`, `>` and `&` are written `\uXXXX`. */
  readonly escapesHtml?: boolean
}

export const PTERODACTYL_JSON: JsonStyle = { indent: 4, escapesSlashes: true, escapesUnicode: true }
export const PELICAN_JSON: JsonStyle = { ...PTERODACTYL_JSON, escapesSlashes: false }
export const CALAGOPUS_JSON: JsonStyle = { indent: 2, escapesSlashes: false, escapesUnicode: false }

// oxlint-disable-next-line no-control-regex -- everything that is not ASCII
const NOT_ASCII = /[^\u0000-\u007f]/g

const escapeUnit = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`

function writeText(text: string, style: JsonStyle): string {
  let written = JSON.stringify(text)
  if (style.escapesSlashes) written = written.replaceAll('/', '\\/')
  if (style.escapesHtml) written = written.replace(/[<>&]/g, escapeUnit)
  return style.escapesUnicode ? written.replace(NOT_ASCII, escapeUnit) : written
}

/** Writes JSON with one item a line, without a newline at the end. */
export function writeJson(tree: Tree, style: JsonStyle): string {
  const write = (value: Tree, margin: string): string => {
    if (typeof value === 'string') return writeText(value, style)
    if (typeof value === 'bigint') return value.toString()
    if (!Array.isArray(value) && !isMap(value)) {
      return typeof value === 'number' && !Number.isFinite(value) ? 'null' : JSON.stringify(value)
    }
    const inner = `${margin}${' '.repeat(style.indent)}`
    const items = isMap(value)
      ? Array.from(value, ([key, item]) => `${writeText(key, style)}: ${write(item, inner)}`)
      : value.map((item) => write(item, inner))
    const [open, close] = isMap(value) ? '{}' : '[]'
    if (items.length === 0) return `${open}${close}`
    return `${open}\n${items.map((item) => `${inner}${item}`).join(',\n')}\n${margin}${close}`
  }
  return write(tree, '')
}
