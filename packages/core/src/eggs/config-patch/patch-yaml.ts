import {
  Document,
  Parser,
  Scalar,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  stringify,
  visit,
  type Node,
  type YAMLMap,
} from 'yaml'
import { listIndexOf, parseConfigPath, printJson, typedLike, wrapMissing, type PathStep } from './config-path.ts'
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
import { YamlError, checkYamlSize, readYamlDocument } from '../yaml-document.ts'

/** A wildcard over more than this is a mistake. */
const MAX_PLACES = 1000

/** Reading YAML is slow: so many characters may be read for one file, however often it has to be. */
const MAX_READ = 16 * 1024 * 1024

/**
 * Sets values of a YAML file. Values are exchanged in the text itself, so comments, quotes and anchors stay. Of several
 * documents in one file the first one counts, as it does for the daemons; the others stay as they are.
 */
export function patchYaml(written: string, replacements: readonly ConfigReplacement[]): string {
  const length = firstDocumentLength(written)
  const patch = new YamlPatch(written.slice(0, length))
  for (const rule of rulesOf(replacements)) {
    const steps = parseConfigPath(rule.match)
    if (steps) patch.apply(rule, steps)
  }
  return patch.finish() + written.slice(length)
}

/** Where the second document begins; the whole text where there is none. */
function firstDocumentLength(text: string): number {
  if (!/^(?:---|\.\.\.)/m.test(text)) return text.length
  checkYamlSize(text)
  let isFirst = true
  for (const token of new Parser().parse(text)) {
    if (token.type !== 'document') continue
    if (!isFirst) return token.offset
    isFirst = false
  }
  return text.length
}

/** Collects the changes of many rules, so that the file is read once and written once. */
class YamlPatch {
  #text: string
  #document: Document
  #edits: Edit[] = []
  /** The rules behind the edits. */
  #pending: { readonly rule: Rule; readonly steps: readonly PathStep[] }[] = []
  #left = MAX_READ

  constructor(text: string) {
    this.#text = text
    this.#document = this.#read()
  }

  apply(rule: Rule, steps: readonly PathStep[]): void {
    const changes = this.#changes(rule, steps)
    if (changes.length === 0) return
    const edits = changes.flatMap(({ edit }) => edit ?? [])
    if (edits.length < changes.length || edits.some((edit) => this.#edits.some((other) => overlaps(edit, other)))) {
      // Needs the text as the rules before have made it.
      if (this.#edits.length > 0) {
        this.finish()
        this.apply(rule, steps)
        return
      }
    }
    for (const { path, value } of changes) setDeep(this.#document, path, value)
    if (edits.length < changes.length) {
      this.#rewrite()
      return
    }
    this.#edits.push(...edits)
    this.#pending.push({ rule, steps })
  }

  /** The text with all changes in it. Only where it means what was wanted; otherwise the document is written anew. */
  finish(): string {
    if (this.#edits.length === 0) return this.#text
    const edited = applyEdits(this.#text, this.#edits)
    const pending = this.#pending
    this.#edits = []
    this.#pending = []
    const again = this.#parse(edited)
    if (again && plain(again) === plain(this.#document)) {
      this.#text = edited
      this.#document = again
      return edited
    }
    if (pending.length === 1) return this.#rewrite()
    // One of them is at fault; the others need not suffer for it.
    this.#document = this.#read()
    for (const { rule, steps } of pending) {
      this.apply(rule, steps)
      this.finish()
    }
    return this.#text
  }

  #changes(rule: Rule, steps: readonly PathStep[]): Change[] {
    const paths = findPaths(this.#document.contents, steps, []).slice(0, MAX_PLACES)
    return paths.flatMap((path) => changeAt(this.#document, path, rule, this.#text))
  }

  #rewrite(): string {
    const written = print(this.#document, /[[{] /.test(this.#text))
    this.#text = lineEndOf(this.#text) === '\n' ? written : written.replace(/\r?\n/g, '\r\n')
    this.#document = this.#read()
    return this.#text
  }

  #read(): Document {
    try {
      return readYamlDocument(this.#spend(this.#text), { intAsBigInt: true })
    } catch (error) {
      if (!(error instanceof YamlError)) throw error
      throw new ConfigPatchError(`The YAML is broken (${error.message}); it is left as it is.`, { cause: error })
    }
  }

  #parse(text: string): Document | undefined {
    try {
      return readYamlDocument(this.#spend(text), { intAsBigInt: true })
    } catch (error) {
      if (error instanceof YamlError) return undefined
      throw error
    }
  }

  #spend(text: string): string {
    this.#left -= text.length
    if (this.#left < 0) throw new ConfigPatchError('The YAML takes too long to be patched; it is left as it is.')
    return text
  }
}

/** Two insertions at one place do not. */
const overlaps = (left: Edit, right: Edit): boolean =>
  (left.start < right.end && right.start < left.end) ||
  (left.start === right.start && (left.end > left.start || right.end > right.start))

function print(document: Document, flowCollectionPadding: boolean): string {
  try {
    return document.toString({ lineWidth: 0, flowCollectionPadding })
  } catch (error) {
    throw new ConfigPatchError('The YAML refers to a value that is to be replaced; it is left as it is.', {
      cause: error,
    })
  }
}

/** What it means, for comparing. */
function plain(document: Document): string {
  try {
    return printJson(document.toJS({ maxAliasCount: 1000 }), '')
  } catch (error) {
    throw new ConfigPatchError('The YAML refers to what is not there, or too often; it is left as it is.', {
      cause: error,
    })
  }
}

type Path = readonly (string | number)[]

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
  // A key that holds dots itself is the nearer meaning.
  const names = steps.flatMap((each) => (each.kind === 'key' ? [each.name] : []))
  const whole = names.join('.')
  if (isMap(node) && rest.length > 0 && names.length === steps.length && pairOf(node, whole)) return [[...path, whole]]
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
  let alias: Node | undefined
  while (depth < path.length && isCollection(node)) {
    const child = childOf(node, path[depth] ?? '')
    if (child === undefined) break
    parent = node
    alias = isAlias(child) ? child : undefined
    node = isAlias(child) ? child.resolve(document) : child
    depth++
  }
  const isThere = depth === path.length
  const present = isThere && isScalar(node) ? node.value : undefined
  const found = newValueOf(rule, isThere ? shownOf(node, text) : undefined)
  if (!found) return []
  const typed = typedLike(found.value, typeof present === 'bigint' ? present : (present ?? undefined))
  // The reader gives whole numbers as bigints.
  const value =
    typeof typed === 'number' && Number.isInteger(typed) && typeof present !== 'number' ? BigInt(typed) : typed
  if (isThere && present === value) return []
  const edit = isThere
    ? alias
      ? replaceAlias(alias, value, parent)
      : replaceScalar(node, value, parent, text)
    : insertMissing(node, parent, path.slice(depth), value, text)
  return [{ path, value, edit }]
}

/** A value as it stands there; printing it anew would fail where it refers to an anchor that is missing. */
const shownOf = (node: unknown, text: string): string => {
  if (isScalar(node)) return node.value === null ? '' : String(node.value)
  return isRanged(node) ? text.slice(node.range[0], node.range[1]).trimEnd() : ''
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
  if (isScalar(child)) child.value = value
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

/** What an anchor stands for stays; only this place gets a value of its own. */
function replaceAlias(alias: Node, value: unknown, parent: unknown): Edit | undefined {
  if (!isRanged(alias)) return undefined
  const [start, end] = alias.range
  return { start, end, text: printScalar(value, undefined, isCollection(parent) && parent.flow === true) }
}

function replaceScalar(node: unknown, value: unknown, parent: unknown, text: string): Edit | undefined {
  if (!isScalar(node) || !node.range) return undefined
  const [start, end] = node.range
  const printed = printScalar(value, node.type, isCollection(parent) && parent.flow === true)
  if (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED')
    return { start, end, text: printed + lineEndOf(text) }
  // `key:` without a value has its place right after the colon, or after its anchor.
  const gap = start === end && !/\s/.test(text.charAt(start - 1)) ? ' ' : ''
  return { start, end, text: gap + printed }
}

/** What YAML 1.1 readers, which many games have, would not take for a text. */
const NOT_TEXT_IN_YAML_1_1 = /^(?:yes|no|on|off|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?|0[0-7_]+)$/i

function printScalar(value: unknown, type: string | undefined, isInFlow: boolean): string {
  if (typeof value !== 'string') return typeof value === 'object' ? printJson(value, '') : String(value)
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
    const inner = rest.length === 0 ? printScalar(value, undefined, true) : printJson(wrapPath(rest, value), '')
    const entry = `${printScalar(String(key), undefined, true)}: ${inner}`
    const at = text.slice(0, close).trimEnd().length
    return { start: at, end: at, text: (node.items.length > 0 ? ', ' : '') + entry }
  }
  const first = node.items[0]
  // What was added just now stands nowhere yet; the next one is added behind it.
  const last = node.items.findLast(({ key }) => isRanged(key))
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
