import { ConfigPatchError } from './replacement.ts'

export interface XmlAttribute {
  readonly name: string
  /** Between the quotes. */
  readonly start: number
  readonly end: number
}

export interface XmlElement {
  readonly name: string
  readonly start: number
  /** Right behind the name in the opening tag. */
  readonly nameEnd: number
  /** Right behind the opening tag. */
  readonly openEnd: number
  readonly isSelfClosing: boolean
  readonly attributes: readonly XmlAttribute[]
  readonly children: XmlElement[]
  /** Where the closing tag begins. */
  closeStart: number
  end: number
}

const SKIPPED = [
  ['<!--', '-->'],
  ['<![CDATA[', ']]>'],
  ['<?', '?>'],
] as const
const OPEN = /<([^\s<>/="']+)((?:\s+[^\s<>/="']+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/y
const CLOSE = /<\/([^\s<>/="']+)\s*>/y
const ATTRIBUTE = /([^\s<>/="']+)\s*=\s*(["'])(.*?)\2/gs

/**
 * Reads the elements of an XML file with offsets. A document type is skipped: its entities are not expanded, external ones
 * never loaded.
 * @throws ConfigPatchError
 */
export function readXml(text: string): XmlElement | null {
  const fail = (at: number): never => {
    const line = text.slice(0, at).split('\n').length
    throw new ConfigPatchError(`The XML is broken in line ${line}; it is left as it is.`)
  }
  let root: XmlElement | null = null
  const open: XmlElement[] = []
  let at = 0
  for (;;) {
    at = text.indexOf('<', at)
    if (at < 0) break
    const skipped = SKIPPED.find(([start]) => text.startsWith(start, at))
    if (skipped) {
      const end = text.indexOf(skipped[1], at + skipped[0].length)
      if (end < 0) return fail(at)
      at = end + skipped[1].length
      continue
    }
    if (text.startsWith('<!', at)) {
      at = declarationEnd(text, at) ?? fail(at)
      continue
    }
    CLOSE.lastIndex = at
    const closing = CLOSE.exec(text)
    if (closing) {
      const element = open.pop()
      if (!element || element.name !== closing[1]) return fail(at)
      element.closeStart = at
      element.end = at += closing[0].length
      continue
    }
    OPEN.lastIndex = at
    const opening = OPEN.exec(text)
    if (!opening) return fail(at)
    const element = elementOf(opening, at)
    const parent = open.at(-1)
    if (parent) parent.children.push(element)
    else if (root) return fail(at)
    else root = element
    at = element.openEnd
    if (!element.isSelfClosing) open.push(element)
    if (open.length > 200) return fail(at)
  }
  return open.length > 0 ? fail(text.length) : root
}

/** Behind a document type, with the declarations in its brackets; undefined where it does not end. */
function declarationEnd(text: string, start: number): number | undefined {
  let depth = 0
  for (let at = start + 2; at < text.length; at++) {
    const char = text.charAt(at)
    if (char === '"' || char === "'") at = text.indexOf(char, at + 1)
    else if (text.startsWith('<!--', at)) at = text.indexOf('-->', at)
    else if (char === '[') depth++
    else if (char === ']') depth--
    else if (char === '>' && depth <= 0) return at + 1
    if (at < 0) return undefined
  }
  return undefined
}

function elementOf(opening: RegExpExecArray, start: number): XmlElement {
  const [whole, name = '', attributes = '', slash] = opening
  const nameEnd = start + 1 + name.length
  const openEnd = start + whole.length
  return {
    name,
    start,
    nameEnd,
    openEnd,
    isSelfClosing: slash === '/',
    attributes: Array.from(attributes.matchAll(ATTRIBUTE), (found) => {
      const [all, attribute = '', , value = ''] = found
      const end = nameEnd + found.index + all.length - 1
      return { name: attribute, start: end - value.length, end }
    }),
    children: [],
    closeStart: openEnd,
    end: openEnd,
  }
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

export const decodeXml = (text: string): string =>
  text.replace(
    /<!\[CDATA\[([\s\S]*?)\]\]>|&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(\w{1,8}));/g,
    (whole, data?: string, decimal?: string, hex?: string, name?: string) => {
      if (data !== undefined) return data
      if (name !== undefined) return Object.hasOwn(ENTITIES, name) ? (ENTITIES[name] ?? whole) : whole
      const code = decimal === undefined ? Number.parseInt(hex ?? '0', 16) : Number(decimal)
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole
    },
  )

export const encodeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

export const encodeXmlAttribute = (text: string): string =>
  encodeXml(text).replaceAll('"', '&quot;').replaceAll("'", '&apos;').replaceAll('\n', '&#10;')
