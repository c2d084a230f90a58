import { listIndexOf, parseConfigPath, typedLike, wholeNumber, type PathStep } from './config-path.ts'
import {
  applyEdits,
  lineEndOf,
  newValueOf,
  rulesOf,
  type ConfigReplacement,
  type Edit,
  type Rule,
} from './replacement.ts'
import { decodeTomlText, lineEndFrom, readToml, type TomlFile, type TomlNode } from './toml-nodes.ts'

/** Sets values of a TOML file; everything else stays. New keys end their table, new tables end the file. */
export function patchToml(written: string, replacements: readonly ConfigReplacement[]): string {
  let text = written
  for (const rule of rulesOf(replacements)) {
    const steps = parseConfigPath(rule.match)
    if (!steps) continue
    const file = readToml(text)
    const present = file.nodes.filter((node) => isAt(node.path, steps))
    const edits =
      present.length > 0 ? present.flatMap((node) => setNode(text, node, rule)) : addMissing(text, file, steps, rule)
    text = applyEdits(text, edits)
  }
  return text
}

const isAt = (path: TomlNode['path'], steps: readonly PathStep[]): boolean =>
  path.length === steps.length &&
  steps.every((step, depth) => {
    const part = path[depth]
    if (step.kind === 'all') return true
    return typeof part === 'number' ? listIndexOf(step) === part : step.kind === 'key' && step.name === part
  })

function setNode(text: string, node: TomlNode, rule: Rule): Edit[] {
  const written = text.slice(node.start, node.end)
  const present = presentOf(node, written)
  const found = newValueOf(rule, present === undefined ? written : String(present))
  if (!found) return []
  const value = typedLike(found.value, present)
  if (value === present) return []
  return [{ start: node.start, end: node.end, text: print(value, node, written) }]
}

function presentOf({ kind }: TomlNode, written: string): unknown {
  if (kind === 'text') return decodeTomlText(written)
  if (kind === 'boolean') return written === 'true'
  if (kind === 'date') return written
  if (kind !== 'number') return undefined
  const digits = written.replaceAll('_', '')
  return /^[+-]?\d+$/.test(digits) ? wholeNumber(digits) : Number(digits)
}

function print(value: unknown, node?: TomlNode, written = ''): string {
  if (typeof value === 'number') {
    return node?.kind === 'number' && /[.eE]/.test(written) && Number.isInteger(value) ? `${value}.0` : String(value)
  }
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  if (typeof value !== 'string') return printNested(value)
  if (node?.kind === 'date' && /^\d{4}-\d{2}-\d{2}(?:[Tt ][\d:.]+(?:[Zz]|[+-]\d{2}:\d{2})?)?$/.test(value)) return value
  // oxlint-disable-next-line no-control-regex -- a literal text cannot hold them
  if (/^'(?!'')/.test(written) && !/['\u0000-\u001f\u007f]/.test(value)) return `'${value}'`
  return JSON.stringify(value).replaceAll('\u007f', '\\u007f')
}

function printNested(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => print(item)).join(', ')}]`
  if (typeof value !== 'object' || value === null) return '""'
  return `{ ${Object.entries(value)
    .map(([key, item]) => `${printKey(key)} = ${print(item)}`)
    .join(', ')} }`
}

const printKey = (key: string): string => (/^[A-Za-z0-9_-]+$/.test(key) ? key : JSON.stringify(key))

function addMissing(text: string, file: TomlFile, steps: readonly PathStep[], rule: Rule): Edit[] {
  const found = newValueOf(rule, undefined)
  const names = steps.flatMap((step) => (step.kind === 'key' ? [step.name] : []))
  const key = names.at(-1)
  if (!found || key === undefined || names.length !== steps.length) return []
  const parent = steps.slice(0, -1)
  const end = lineEndOf(text)
  const entry = `${printKey(key)} = ${print(typedLike(found.value, undefined))}`

  const inline = file.nodes.find(({ kind, path }) => kind === 'map' && isAt(path, parent))
  if (inline) {
    const isEmpty = text.slice(inline.start + 1, inline.end - 1).trim() === ''
    const gapStart = inline.start + text.slice(inline.start, inline.end - 1).trimEnd().length
    return [{ start: gapStart, end: inline.end - 1, text: `${isEmpty ? '' : ','} ${entry} ` }]
  }
  if (isTaken(file, parent)) return []

  const table = file.tables.findLast(({ path }) => isAt(path, parent))
  if (table) {
    if (table.end > 0) return [{ start: table.end, end: table.end, text: end + entry }]
    const gap = text === '' ? '' : end
    return [{ start: 0, end: 0, text: entry + end + gap }]
  }
  const dotted = besideDotted(text, file, parent, names, end + entry.slice(printKey(key).length))
  if (dotted) return [dotted]

  const hasEnd = text === '' || text.endsWith('\n')
  const head = text === '' ? '' : hasEnd ? end : end + end
  const header = `[${names.slice(0, -1).map(printKey).join('.')}]`
  return [{ start: text.length, end: text.length, text: `${head}${header}${end}${entry}${hasEnd ? end : ''}` }]
}

/** A value, or a list of tables, stands on the way. */
function isTaken({ nodes, tables }: TomlFile, parent: readonly PathStep[]): boolean {
  const leadsThrough = (path: TomlNode['path']) =>
    path.length <= parent.length && isAt(path, parent.slice(0, path.length))
  const lists = tables.flatMap(({ path }) =>
    path.flatMap((part, depth) => (typeof part === 'number' ? [path.slice(0, depth)] : [])),
  )
  return nodes.some(({ path }) => leadsThrough(path)) || lists.some(leadsThrough)
}

/** Where `a.b = 1` makes a table, `[a]` must not follow: the new key stands below it, written like it. */
function besideDotted(
  text: string,
  { nodes, tables }: TomlFile,
  parent: readonly PathStep[],
  names: readonly string[],
  rest: string,
): Edit | undefined {
  const node = nodes.findLast(
    ({ path }) =>
      path.length === names.length && isAt(path.slice(0, parent.length), parent) && typeof path.at(-1) === 'string',
  )
  const table = node && tables.findLast(({ start }) => start <= node.start)
  if (!node || !table || table.path.length >= parent.length) return undefined
  const at = lineEndFrom(text, node.end)
  const [newline = '\n'] = /^\r?\n/.exec(rest) ?? []
  const key = names.slice(table.path.length).map(printKey).join('.')
  return { start: at, end: at, text: newline + key + rest.slice(newline.length) }
}
