/** A value of an egg as it is shown: short ones in a line, the rest as text over several lines. */
export type ShownValue =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'words'; readonly texts: readonly string[] }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'answer'; readonly value: boolean }

const LONGEST_WORD = 120

/** How a value of a change is shown; it may be any JSON. */
export function shownValue(value: unknown): ShownValue {
  if (value === null || value === undefined) return { kind: 'nothing' }
  if (typeof value === 'boolean') return { kind: 'answer', value }
  if (typeof value === 'string' || typeof value === 'number') return ofText(String(value))
  if (Array.isArray(value) && value.every((one) => typeof one === 'string' || typeof one === 'number')) {
    const lines = value.map(String)
    return isWord(lines.join('')) ? { kind: 'words', texts: lines } : { kind: 'text', text: lines.join('\n') }
  }
  return { kind: 'text', text: JSON.stringify(value, null, 2) }
}

/** The same as one text, to compare line by line. */
export function asText(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'string') return value
  const shown = shownValue(value)
  if (shown.kind === 'words') return shown.texts.join('\n')
  return shown.kind === 'text' ? shown.text : String(value)
}

const isWord = (text: string): boolean => text.length <= LONGEST_WORD && !/[\r\n]/.test(text)
const ofText = (text: string): ShownValue =>
  isWord(text) ? { kind: 'words', texts: text === '' ? [] : [text] } : { kind: 'text', text }
