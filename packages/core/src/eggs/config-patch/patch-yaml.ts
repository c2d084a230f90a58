import {
  Document,
  Scalar,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  stringify,
  visit,
  type Node,
  type YAMLMap,
} from 'yaml'
import { listIndexOf, parseConfigPath, typedLike, wrapMissing, type PathStep } from './config-path.ts'
import {
  ConfigPatchError,
  applyEdits,
  lineEndOf,
  newValueOf,
  rulesOf,
  type ConfigReplacement,
  type Edit,
  type Rule,
} from './replacement.ts'
import { YamlError, readYamlDocument } from '../yaml-document.ts'

/** A wildcard over more than this is a mistake. */
const MAX_PLACES = 1000

/** Sets values of a YAML file. Values are exchanged in the text itself, so comments, quotes and anchors stay. */
export function patchYaml(text: string, replacements: readonly ConfigReplacement[]): string {
  return rulesOf(replacements).reduce(applyRule, text)
}

function applyRule(text: string, rule: Rule): string {
  const document = readDocument(text)
  const paths = findPaths(document.contents, parseConfigPath(rule.match), []).slice(0, MAX_PLACES)
  const changes = paths.flatMap((path) => changeAt(document, path, rule, text))
  if (changes.length === 0) return text
  for (const { path, value } of changes) setDeep(document, path, value)

  // Only where the edited text means exactly what was wanted; otherwise the document is written anew.
  const edits = changes.flatMap(({ edit }) => edit ?? [])
  if (edits.length === changes.length) {
    const edited = applyEdits(text, edits)
    const again = parseDocument(edited, { uniqueKeys: false, prettyErrors: false, logLevel: 'silent' })
    if (again.errors.length === 0 && JSON.stringify(plain(again)) === JSON.stringify(plain(document))) return edited
  }
  const written = document.toString({ lineWidth: 0, flowCollectionPadding: /[[{] /.test(text) })
  return lineEndOf(text) === '\n' ? written : written.replace(/\r?\n/g, '\r\n')
}

function plain(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 1000 })
  } catch (error) {
    throw new ConfigPatchError('The YAML uses its anchors too often; it is left as it is.', { cause: error })
  }
}

type Path = readonly (string | number)[]

function readDocument(text: string): Document {
  try {
    return readYamlDocument(text)
  } catch (error) {
    if (!(error instanceof YamlError)) throw error
    throw new ConfigPatchError(`The YAML is broken (${error.message}); it is left as it is.`, { cause: error })
  }
}

/** Wildcards spread out over what is there; a path may end in steps that are missing. */
function findPaths(node: unknown, steps: readonly PathStep[], path: Path): Path[] {
  const [step, ...rest] = steps
  if (!step) return [path]
  if (step.kind === 'all') {
    if (isMap(node)) return node.items.flatMap(({ key, value }) => findPaths(value, rest, [...path, keyOf(key)]))
    return isSeq(node) ? node.items.flatMap((item, index) => findPaths(item, rest, [...path, index])) : []
  }
  if (isSeq(node)) {
    const index = listIndexOf(step)
    return index === undefined || index > node.items.length ? [] : findPaths(node.items[index], rest, [...path, index])
  }
  if (step.kind === 'index') return step.index === 0 ? findPaths(undefined, rest, [...path, 0]) : []
  const whole = steps.every(({ kind }) => kind === 'key')
    ? steps.map((each) => (each.kind === 'key' ? each.name : '')).join('.')
    : ''
  if (isMap(node) && rest.length > 0 && pairOf(node, whole)) return [[...path, whole]]
  return findPaths(isMap(node) ? pairOf(node, step.name)?.value : undefined, rest, [...path, step.name])
}

const keyOf = (key: unknown): string => (isScalar(key) ? String(key.value) : String(key))

const pairOf = (map: YAMLMap, name: string | number) => map.items.findLast(({ key }) => keyOf(key) === String(name))

function childOf(node: unknown, key: string | number): unknown {
  if (isMap(node)) return pairOf(node, key)?.value ?? undefined
  return isSeq(node) && typeof key === 'number' ? node.items[key] : undefined
}

interface Change {
  readonly path: Path
  readonly value: unknown
  readonly edit: Edit | undefined
}

function changeAt(document: Document, path: Path, rule: Rule, text: string): Change[] {
  if (path.length === 0) return []
  let node: unknown = document.contents
  let depth = 0
  let parent: unknown
  while (depth < path.length && isCollection(node)) {
    const child = childOf(node, path[depth] ?? '')
    if (child === undefined) break
    parent = node
    node = isAlias(child) ? child.resolve(document) : child
    depth++
  }
  const isThere = depth === path.length
  const present = isThere && isScalar(node) ? node.value : undefined
  const found = newValueOf(rule, isThere ? shownOf(node) : undefined)
  if (!found) return []
  const value = typedLike(found.value, present ?? undefined)
  if (isThere && present === value) return []
  const edit = isThere
    ? replaceScalar(node, value, parent, text)
    : insertMissing(node, parent, path.slice(depth), value, text)
  return [{ path, value, edit }]
}

const shownOf = (node: unknown): string => {
  if (isScalar(node)) return node.value === null ? '' : String(node.value)
  return stringify(node)
}

function setDeep(document: Document, path: Path, value: unknown): void {
  let node: unknown = document.contents
  for (let depth = 0; depth < path.length - 1 && isCollection(node); depth++) {
    const key = path[depth] ?? ''
    const child = childOf(node, key)
    const resolved = isAlias(child) ? child.resolve(document) : child
    if (!isCollection(resolved)) {
      const made = document.createNode(wrapPath(path.slice(depth + 1), value))
      setChild(node, key, made)
      return
    }
    node = resolved
  }
  if (!isCollection(node)) {
    document.contents = document.createNode(wrapPath(path, value)) as Node as typeof document.contents
    return
  }
  const last = path.at(-1) ?? ''
  const child = childOf(node, last)
  const target = isAlias(child) ? child.resolve(document) : child
  if (isScalar(target)) target.value = value
  else setChild(node, last, document.createNode(value))
}

function setChild(node: unknown, key: string | number, value: Node): void {
  if (isSeq(node) && typeof key === 'number') node.items[key] = value
  if (!isMap(node)) return
  const pair = pairOf(node, key)
  if (pair) pair.value = value
  else node.set(new Scalar(key), value)
}

const wrapPath = (path: Path, value: unknown): unknown =>
  wrapMissing(
    path.map((key) => (typeof key === 'number' ? { kind: 'index', index: key } : { kind: 'key', name: key })),
    value,
  )

function replaceScalar(node: unknown, value: unknown, parent: unknown, text: string): Edit | undefined {
  if (!isScalar(node) || !node.range) return undefined
  const [start, end] = node.range
  const printed = printScalar(value, node.type, isCollection(parent) && parent.flow === true)
  if (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED')
    return { start, end, text: printed + lineEndOf(text) }
  // `key:` without a value has its place right after the colon.
  const gap = start === end && /[:-]$/.test(text.slice(0, start)) ? ' ' : ''
  return { start, end, text: gap + printed }
}

/** What YAML 1.1 readers, which many games have, would not take for a text. */
const NOT_TEXT_IN_YAML_1_1 = /^(?:yes|no|on|off|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?|0[0-7_]+)$/i

function printScalar(value: unknown, type: string | undefined, isInFlow: boolean): string {
  if (typeof value !== 'string') return typeof value === 'object' ? JSON.stringify(value) : String(value)
  if (type === 'QUOTE_DOUBLE' || /[\n\r]/.test(value)) return JSON.stringify(value)
  if (type === 'QUOTE_SINGLE') return `'${value.replaceAll("'", "''")}'`
  if (NOT_TEXT_IN_YAML_1_1.test(value) || (isInFlow && /[,[\]{}]/.test(value))) return JSON.stringify(value)
  return stringify(value, { lineWidth: 0 }).trimEnd()
}

/** A new entry at the end of a map, or below a key without a value; other places are written anew. */
function insertMissing(node: unknown, parent: unknown, missing: Path, value: unknown, text: string): Edit | undefined {
  const end = lineEndOf(text)
  const nested = (column: number) =>
    printNested(missing, value)
      .split('\n')
      .map((line) => end + ' '.repeat(column) + line)
      .join('')
  if (isScalar(node) && node.value === null && node.range && node.range[0] === node.range[1]) {
    const key = isMap(parent) && !parent.flow ? parent.items.find((pair) => pair.value === node)?.key : undefined
    if (!isRanged(key)) return undefined
    return { start: node.range[0], end: node.range[0], text: nested(columnOf(text, key.range[0]) + 2) }
  }
  if (!isMap(node) || !node.range) return undefined
  if (node.flow) {
    const close = node.range[1] - 1
    const [key, ...rest] = missing
    const inner = rest.length === 0 ? printScalar(value, undefined, true) : JSON.stringify(wrapPath(rest, value))
    const entry = `${printScalar(String(key), undefined, true)}: ${inner}`
    const at = text.slice(0, close).trimEnd().length
    return { start: at, end: at, text: (node.items.length > 0 ? ', ' : '') + entry }
  }
  const first = node.items[0]
  const last = node.items.at(-1)
  const lastNode = last?.value ?? last?.key
  if (!isRanged(first?.key) || !isRanged(lastNode)) return undefined
  let at = lastNode.range[1]
  while (at > 0 && /\s/.test(text[at - 1] ?? '')) at--
  while (at < text.length && !/[\r\n]/.test(text[at] ?? '')) at++
  return { start: at, end: at, text: nested(columnOf(text, first.key.range[0])) }
}

const columnOf = (text: string, at: number): number => at - (text.lastIndexOf('\n', at - 1) + 1)

/** Line by line, with quotes around what a YAML 1.1 reader would misread. */
function printNested(missing: Path, value: unknown): string {
  const document = new Document(wrapPath(missing, value))
  visit(document, {
    Scalar(_key, scalar) {
      if (typeof scalar.value === 'string' && NOT_TEXT_IN_YAML_1_1.test(scalar.value)) scalar.type = Scalar.QUOTE_DOUBLE
    },
  })
  return document.toString({ lineWidth: 0 }).trimEnd()
}

const isRanged = (node: unknown): node is Node & { readonly range: [number, number, number] } =>
  typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)
