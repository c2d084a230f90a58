import {
  applyEdits,
  lineEndOf,
  newValueOf,
  rulesOf,
  textOf,
  type ConfigReplacement,
  type Edit,
  type Rule,
} from './replacement.ts'
import { decodeXml, encodeXml, encodeXmlAttribute, readXml, type XmlElement } from './xml-nodes.ts'

/**
 * Sets the text of elements, `Root.Child`, or an attribute with a value such as `[name='x']` or a last step `@name`. What
 * is missing is made, except behind a wildcard.
 */
export function patchXml(written: string, replacements: readonly ConfigReplacement[]): string {
  let text = written
  for (const rule of rulesOf(replacements)) {
    const steps = splitSteps(rule.match)
    if (steps.length > MAX_STEPS) continue
    const attribute = steps.at(-1)?.startsWith('@') ? steps.pop()?.slice(1) : undefined
    const root = readXml(text)
    if (!root) {
      const [name] = steps
      if (name === undefined || !isName(name)) continue
      const end = lineEndOf(text)
      text = `${text.trimEnd() === '' ? '' : text.trimEnd() + end}<${name}>${end}</${name}>${end}`
    }
    const present = readXml(text)
    if (present) text = applyEdits(text, editsFor(text, present, steps, attribute, rule))
  }
  return text
}

/** What is made along a path must be readable again. */
const MAX_STEPS = 64

/** At dots outside brackets and quotes. */
function splitSteps(match: string): string[] {
  return match.match(/(?:\[[^\]]*\]|[^.[])+/g)?.map((step) => step.trim()) ?? []
}

function editsFor(
  text: string,
  root: XmlElement,
  steps: readonly string[],
  attribute: string | undefined,
  rule: Rule,
): Edit[] {
  const [first, ...rest] = steps
  const isFromRoot = first !== undefined && fits(root, first, text)
  const path = isFromRoot ? rest : steps
  const found = findElements(root, path, text)
  if (found.length > 0) return found.flatMap((element) => setElement(text, element, attribute, rule))
  // A wildcard or a filter says which one is meant; nothing can be made from it.
  if (!path.every(isName)) return []

  let parent = root
  let depth = 0
  for (; depth < path.length; depth++) {
    const child = parent.children.findLast((each) => isNamed(each, path[depth] ?? ''))
    if (!child) break
    parent = child
  }
  const wanted = newValueOf(rule, undefined)
  const made = wanted && targetOf(textOf(wanted.value), attribute).attribute
  if (made !== undefined && !isName(made)) return []
  return wanted ? [addElement(text, parent, path.slice(depth), attribute, textOf(wanted.value))] : []
}

const isName = (step: string): boolean => /^[\p{L}_][\p{L}\p{N}_:.-]*$/u.test(step)

const FILTER = /^([^[]*)\[@([^=\]]+)=(["'])(.*)\3\]$/

/** A name without a prefix means the element in whatever name space. */
const isNamed = ({ name }: XmlElement, wanted: string): boolean =>
  wanted === '*' || name === wanted || (!wanted.includes(':') && name.endsWith(`:${wanted}`))

function fits(element: XmlElement, step: string, text: string): boolean {
  const filter = FILTER.exec(step)
  if (!filter) return isNamed(element, step)
  const [, name = '', attribute = '', , value = ''] = filter
  if (!isNamed(element, name)) return false
  const found = element.attributes.find((each) => each.name === attribute)
  return found !== undefined && decodeXml(text.slice(found.start, found.end)) === value
}

function findElements(root: XmlElement, path: readonly string[], text: string): XmlElement[] {
  let level = [root]
  for (const step of path) level = level.flatMap(({ children }) => children.filter((child) => fits(child, step, text)))
  return level
}

/** `[name='x']` as a value means the attribute. */
function targetOf(
  value: string,
  attribute: string | undefined,
): { readonly attribute?: string; readonly value: string } {
  if (attribute !== undefined) return { attribute, value }
  const [, name, text] = /^\[([\w:.-]+)='([\s\S]*)'\]$/.exec(value) ?? []
  return name === undefined ? { value } : { attribute: name, value: text ?? '' }
}

function setElement(text: string, element: XmlElement, attributeName: string | undefined, rule: Rule): Edit[] {
  const named = attributeName ?? targetOf(textOf(rule.entries[0]?.value), undefined).attribute
  const attribute = element.attributes.find(({ name }) => name === named)
  const inner = { start: element.openEnd, end: element.children[0]?.start ?? element.closeStart }
  const present = attribute
    ? decodeXml(text.slice(attribute.start, attribute.end))
    : named === undefined
      ? textPieces(text, inner)
          .map((piece) => decodeXml(text.slice(piece.start, piece.end)))
          .join('')
      : ''
  const shown = element.children.length > 0 && !attribute ? present.trim() : present
  const wanted = newValueOf(rule, shown)
  if (!wanted) return []

  const target = targetOf(textOf(wanted.value), attributeName)
  if (target.attribute !== undefined) {
    const own = element.attributes.find(({ name }) => name === target.attribute)
    const encoded = encodeXmlAttribute(target.value)
    if (own) {
      const isSame = decodeXml(text.slice(own.start, own.end)) === target.value
      return isSame ? [] : [{ start: own.start, end: own.end, text: encoded }]
    }
    if (!isName(target.attribute)) return []
    return [{ start: element.nameEnd, end: element.nameEnd, text: ` ${target.attribute}="${encoded}"` }]
  }
  if (shown === target.value) return []
  if (!element.isSelfClosing) return setText(text, inner, target.value)
  if (target.value === '') return []
  const opened = text.slice(element.start, element.openEnd).slice(0, -2).trimEnd()
  return [{ start: element.start, end: element.end, text: `${opened}>${encodeXml(target.value)}</${element.name}>` }]
}

interface Span {
  readonly start: number
  readonly end: number
}

/** What stands between comments. */
function textPieces(text: string, { start, end }: Span): Span[] {
  const pieces: Span[] = []
  let from = start
  for (const comment of text.slice(start, end).matchAll(/<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>/g)) {
    if (comment[0].startsWith('<![')) continue
    pieces.push({ start: from, end: start + comment.index })
    from = start + comment.index + comment[0].length
  }
  return [...pieces, { start: from, end }]
}

/** The value takes the place of the first piece of text; comments stay, and so does the form of a CDATA section. */
function setText(text: string, inner: Span, value: string): Edit[] {
  const pieces = textPieces(text, inner)
  const first = pieces.find(({ start, end }) => text.slice(start, end).trim() !== '') ?? pieces[0] ?? inner
  const isData = /^<!\[CDATA\[(?:(?!\]\]>)[\s\S])*\]\]>$/.test(text.slice(first.start, first.end))
  const written = isData && !value.includes(']]>') ? `<![CDATA[${value}]]>` : encodeXml(value)
  return pieces.map((piece) => ({ ...piece, text: piece === first ? written : '' }))
}

function addElement(
  text: string,
  parent: XmlElement,
  names: readonly string[],
  attribute: string | undefined,
  value: string,
): Edit {
  const end = lineEndOf(text)
  const parentIndent = indentAt(text, parent.start)
  const first = parent.children[0]
  const indent = first ? indentAt(text, first.start) : `${parentIndent}  `
  const step = indent.startsWith(parentIndent) ? indent.slice(parentIndent.length) || '  ' : '  '
  const made = print(names, targetOf(value, attribute), indent, step, end)
  const last = parent.children.at(-1)
  if (last) return { start: last.end, end: last.end, text: end + made }
  if (!parent.isSelfClosing) {
    const at = parent.openEnd
    const isBlank = text.slice(at, parent.closeStart).trim() === ''
    return { start: isBlank ? at : parent.closeStart, end: parent.closeStart, text: end + made + end + parentIndent }
  }
  const opened = text.slice(parent.start, parent.openEnd).slice(0, -2).trimEnd()
  return { start: parent.start, end: parent.end, text: `${opened}>${end}${made}${end}${parentIndent}</${parent.name}>` }
}

function print(
  names: readonly string[],
  target: ReturnType<typeof targetOf>,
  indent: string,
  step: string,
  end: string,
): string {
  const [name = '', ...rest] = names
  if (rest.length > 0) {
    return `${indent}<${name}>${end}${print(rest, target, indent + step, step, end)}${end}${indent}</${name}>`
  }
  if (target.attribute !== undefined)
    return `${indent}<${name} ${target.attribute}="${encodeXmlAttribute(target.value)}"/>`
  return `${indent}<${name}>${encodeXml(target.value)}</${name}>`
}

const indentAt = (text: string, at: number): string =>
  /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', at - 1) + 1, at))?.[0] ?? ''
