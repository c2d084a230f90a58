import {
  listIndexOf,
  parseConfigPath,
  printJson,
  typedLike,
  wholeNumber,
  wrapMissing,
  type PathStep,
} from './config-path.ts'
import { readJsonNodes, type JsonNode } from './json-nodes.ts'
import {
  applyEdits,
  lineEndOf,
  newValueOf,
  rulesOf,
  type ConfigReplacement,
  type Edit,
  type Rule,
} from './replacement.ts'

/** Sets values of a JSON file. Only the values that change are written; an empty file becomes a map. */
export function patchJson(written: string, replacements: readonly ConfigReplacement[]): string {
  let text = written
  if (text.trim() === '') text = `{}${lineEndOf(text)}`
  for (const rule of rulesOf(replacements)) {
    const steps = parseConfigPath(rule.match)
    if (!steps) continue
    const edits: Edit[] = []
    const layout = {
      indent: indentOf(text),
      end: lineEndOf(text),
      text,
      isTight: !/[:,]\s/.test(text) && text.trim().length > 2,
    }
    collectEdits(readJsonNodes(text), steps, rule, layout, edits)
    text = applyEdits(text, edits)
  }
  return text
}

interface Layout {
  readonly text: string
  /** One step of indentation; empty for a file on one line. */
  readonly indent: string
  readonly end: string
  /** Nothing between a colon or a comma and what follows. */
  readonly isTight: boolean
}

function collectEdits(node: JsonNode, steps: readonly PathStep[], rule: Rule, layout: Layout, edits: Edit[]): void {
  const [step, ...rest] = steps
  if (!step) {
    const edit = replaceNode(node, rule, layout)
    if (edit) edits.push(edit)
    return
  }
  if (step.kind === 'all') {
    const children =
      node.kind === 'map' ? node.entries.map(({ value }) => value) : node.kind === 'list' ? node.items : []
    for (const child of children) collectEdits(child, rest, rule, layout, edits)
    return
  }
  if (node.kind === 'list') {
    const index = listIndexOf(step)
    const item = index === undefined ? undefined : node.items[index]
    if (item) collectEdits(item, rest, rule, layout, edits)
    else if (index === node.items.length) addMissing(node, rest, rule, layout, edits)
    return
  }
  if (node.kind === 'map' && step.kind === 'key') {
    // A key that holds dots itself is the nearer meaning.
    const whole = steps.every(({ kind }) => kind === 'key')
      ? node.entries.findLast(({ key }) => key === rule.match)
      : undefined
    const entry = whole ?? node.entries.findLast(({ key }) => key === step.name)
    if (entry) collectEdits(entry.value, entry === whole ? [] : rest, rule, layout, edits)
    else addMissing(node, steps, rule, layout, edits)
    return
  }
  // A scalar, or a map where a list is wanted, stands in the way.
  const missing = missingValue(steps, rule)
  if (missing && node.kind === 'scalar') edits.push({ ...spanOf(node), text: print(missing.value, node.start, layout) })
}

function replaceNode(node: JsonNode, rule: Rule, layout: Layout): Edit | undefined {
  const written = layout.text.slice(node.start, node.end)
  const present = node.kind !== 'scalar' ? undefined : typeof node.value === 'number' ? numberIn(written) : node.value
  const shown = present === undefined ? written : present === null ? '' : String(present)
  const found = newValueOf(rule, shown)
  if (!found) return undefined
  const value = typedLike(found.value, present ?? undefined)
  if (node.kind !== 'scalar' && printJson(value, '') === printJson(valueIn(node, layout.text), '')) return undefined
  return value === present ? undefined : { ...spanOf(node), text: print(value, node.start, layout) }
}

/** Exactly, where it is whole. */
const numberIn = (written: string): number | bigint =>
  /^-?\d+$/.test(written) ? wholeNumber(written) : Number(written)

function valueIn(node: JsonNode, text: string): unknown {
  if (node.kind === 'list') return node.items.map((item) => valueIn(item, text))
  if (node.kind === 'map') return Object.fromEntries(node.entries.map(({ key, value }) => [key, valueIn(value, text)]))
  return typeof node.value === 'number' ? numberIn(text.slice(node.start, node.end)) : node.value
}

const spanOf = ({ start, end }: JsonNode) => ({ start, end })

/** What is to be written where nothing stands yet. */
function missingValue(steps: readonly PathStep[], rule: Rule): { readonly value: unknown } | undefined {
  const found = newValueOf(rule, undefined)
  const value = found && wrapMissing(steps, typedLike(found.value, undefined))
  return value === undefined ? undefined : { value }
}

/** Adds the last entry of a map, or the last item of a list. */
function addMissing(
  node: Exclude<JsonNode, { kind: 'scalar' }>,
  steps: readonly PathStep[],
  rule: Rule,
  layout: Layout,
  edits: Edit[],
): void {
  const missing = missingValue(steps, rule)
  if (!missing) return
  const children =
    node.kind === 'map' ? node.entries.map((entry) => ({ start: entry.keyStart, end: entry.value.end })) : node.items
  const last = children.at(-1)
  const start = last?.start ?? node.start
  const isSpread = last ? beginsLine(layout.text, start) : layout.indent !== ''
  const own = lineIndentAt(layout.text, start)
  const indent = last ? own : own + layout.indent
  const inside = node.kind === 'map' ? Object.entries(missing.value as object)[0] : undefined
  const printed = (value: unknown) =>
    printValue(value, isSpread ? indent : '', isSpread ? layout : { ...layout, indent: '' })
  const content = inside
    ? `${JSON.stringify(inside[0])}:${layout.isTight ? '' : ' '}${printed(inside[1])}`
    : printed(missing.value)
  const gap = isSpread ? layout.end + indent : last && !layout.isTight ? ' ' : ''
  if (!last) {
    edits.push({ start: node.start + 1, end: node.end - 1, text: gap + content + (isSpread ? layout.end + own : '') })
    return
  }
  const hasComma = /^(?:\s|\/\*[\s\S]*?\*\/)*,/.exec(layout.text.slice(last.end, node.end))
  const at = last.end + (hasComma?.[0].length ?? 0)
  edits.push({ start: at, end: at, text: `${hasComma ? '' : ','}${gap}${content}` })
}

const print = (value: unknown, at: number, layout: Layout): string =>
  printValue(value, lineIndentAt(layout.text, at), layout)

function printValue(value: unknown, indent: string, layout: Layout): string {
  const text = printJson(value, layout.indent)
  return text.replaceAll('\n', layout.end + indent)
}

function lineIndentAt(text: string, at: number): string {
  const start = text.lastIndexOf('\n', at - 1) + 1
  return /^[ \t]*/.exec(text.slice(start, at))?.[0] ?? ''
}

function beginsLine(text: string, at: number): boolean {
  let before = at - 1
  while (text[before] === ' ' || text[before] === '\t') before--
  return text[before] === '\n'
}

function indentOf(text: string): string {
  const found = /\n([ \t]+)\S/.exec(text)?.[1]
  if (found !== undefined) return found
  const trimmed = text.trim()
  return trimmed.includes('\n') || trimmed === '{}' ? '  ' : ''
}
