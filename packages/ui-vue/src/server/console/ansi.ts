/** A stretch of text with one look. */
export interface AnsiSpan {
  readonly text: string
  /** Palette number (0 to 15), or an `rgb()` colour. */
  readonly color?: number | string
  readonly background?: number | string
  readonly bold?: true
  readonly dim?: true
  readonly italic?: true
  readonly underline?: true
}

type Style = Omit<AnsiSpan, 'text'>

// ESC [ … letter is a control sequence; ESC ] … BEL or ESC \ sets titles and links; the rest are single controls.
// oxlint-disable-next-line no-control-regex -- control characters are what this file is about
const SEQUENCE =
  /\u001b\[([\d;:?]*)[ -/]*([@-~])|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[@-_]|[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f]/g
// oxlint-disable-next-line no-control-regex -- as above
const NEEDS_WORK = /[\u0000-\u0008\u000b-\u001f\u007f]/

/** Splits a line into stretches of one look. Sequences that move a cursor are left out. */
export function parseAnsi(line: string): readonly AnsiSpan[] {
  if (!NEEDS_WORK.test(line)) return line === '' ? [] : [{ text: line }]
  const spans: AnsiSpan[] = []
  let style: Style = {}
  let last = 0
  for (const match of line.matchAll(SEQUENCE)) {
    if (match.index > last) spans.push({ ...style, text: line.slice(last, match.index) })
    last = match.index + match[0].length
    if (match[2] === 'm') style = applySgr(style, match[1] ?? '')
  }
  if (last < line.length) spans.push({ ...style, text: line.slice(last) })
  return spans
}

/** The text of a line without any control sequence. */
export function stripAnsi(line: string): string {
  return NEEDS_WORK.test(line) ? line.replace(SEQUENCE, '') : line
}

/** What remains visible of a line with carriage returns: the part written last. */
export function lastRewrite(line: string): string {
  if (!line.includes('\r')) return line
  const parts = line.split('\r').filter((part) => part !== '')
  return parts.at(-1) ?? ''
}

function applySgr(style: Style, parameters: string): Style {
  const codes = parameters === '' ? [0] : parameters.split(/[;:]/).map((code) => Number(code) || 0)
  let next: Style = style
  for (let index = 0; index < codes.length; index += 1) {
    const code = codes[index] ?? 0
    if (code === 38 || code === 48) {
      const [color, used] = extendedColor(codes, index + 1)
      if (color !== undefined) next = code === 38 ? { ...next, color } : { ...next, background: color }
      index += used
    } else next = applyCode(next, code)
  }
  return next
}

function applyCode(style: Style, code: number): Style {
  if (code === 0) return {}
  if (code === 1) return { ...style, bold: true }
  if (code === 2) return { ...style, dim: true }
  if (code === 3) return { ...style, italic: true }
  if (code === 4) return { ...style, underline: true }
  if (code === 7) return swap(style)
  if (code === 22) return without(style, 'bold', 'dim')
  if (code === 23) return without(style, 'italic')
  if (code === 24) return without(style, 'underline')
  if (code >= 30 && code <= 37) return { ...style, color: code - 30 }
  if (code === 39) return without(style, 'color')
  if (code >= 40 && code <= 47) return { ...style, background: code - 40 }
  if (code === 49) return without(style, 'background')
  if (code >= 90 && code <= 97) return { ...style, color: code - 82 }
  if (code >= 100 && code <= 107) return { ...style, background: code - 92 }
  return style
}

function without(style: Style, ...names: readonly (keyof Style)[]): Style {
  return Object.fromEntries(Object.entries(style).filter(([name]) => !names.includes(name as keyof Style)))
}

function swap({ color, background, ...rest }: Style): Style {
  return { ...rest, color: background ?? 15, background: color ?? 8 }
}

/** `5;n` is one of 256 colours, `2;r;g;b` any. Answers the colour and how many codes it took. */
function extendedColor(codes: readonly number[], at: number): readonly [number | string | undefined, number] {
  if (codes[at] === 5) return [fromCube(codes[at + 1] ?? 0), 2]
  if (codes[at] === 2) return [rgb(codes[at + 1] ?? 0, codes[at + 2] ?? 0, codes[at + 3] ?? 0), 4]
  return [undefined, 0]
}

function fromCube(index: number): number | string {
  if (index < 16) return index
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10
    return rgb(grey, grey, grey)
  }
  const rest = index - 16
  const channel = (value: number): number => (value === 0 ? 0 : 55 + value * 40)
  return rgb(channel(Math.floor(rest / 36)), channel(Math.floor(rest / 6) % 6), channel(rest % 6))
}

function rgb(red: number, green: number, blue: number): string {
  return `rgb(${Math.min(255, red)} ${Math.min(255, green)} ${Math.min(255, blue)})`
}
