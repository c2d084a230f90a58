/** What PHP's own functions answer; the rules are written in them. */

/** `trim`. */
export function phpTrim(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && TRIMMED.includes(text.charAt(start))) start++
  while (end > start && TRIMMED.includes(text.charAt(end - 1))) end--
  return text.slice(start, end)
}

const TRIMMED = ' \t\n\r\0\v'

const NUMERIC = /^[ \t\n\r\v\f]*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?[ \t\n\r\v\f]*$/

/** `is_numeric`. */
export const isNumeric = (value: unknown): value is string => typeof value === 'string' && NUMERIC.test(value)

const MAX_INT64 = 2n ** 63n - 1n
const MIN_INT64 = -(2n ** 63n)
const INTEGER = /^[ \t\n\r\0\v]*[+-]?(?:0|[1-9]\d*)[ \t\n\r\0\v]*$/

/** `filter_var` with FILTER_VALIDATE_INT. */
export function isInteger(value: string): boolean {
  if (!INTEGER.test(value) || value.length > 64) return false
  const number = BigInt(phpTrim(value).replace(/^\+/, ''))
  return number <= MAX_INT64 && number >= MIN_INT64
}

/** A whole number of a numeric text, null where it has a fraction or an exponent, or does not fit 64 bits. */
function asInt64(text: string): bigint | null {
  const trimmed = text.trim()
  if (!/^[+-]?\d{1,64}$/.test(trimmed)) return null
  const number = BigInt(trimmed.replace(/^\+/, ''))
  return number <= MAX_INT64 && number >= MIN_INT64 ? number : null
}

/** `==` between two texts: as numbers where both look like one. */
export function looselyEqual(left: string, right: string): boolean {
  if (left === right) return true
  if (!isNumeric(left) || !isNumeric(right)) return false
  const a = asInt64(left)
  const b = asInt64(right)
  if (a !== null && b !== null) return a === b
  const isWhole = (text: string) => /^\s*[+-]?\d+\s*$/.test(text)
  const x = Number(left)
  const y = Number(right)
  // Two whole numbers beyond 64 bits that round to one double are compared as texts.
  if (x === y && isWhole(left) && isWhole(right) && a === null && b === null) return false
  if (x === y && !Number.isFinite(x)) return false
  return x === y
}

/** `str_getcsv` with its defaults. An empty text is one field that is null. */
export function parseCsv(text: string): (string | null)[] {
  if (text === '') return [null]
  const fields: string[] = []
  let at = 0
  for (;;) {
    const start = at
    let probe = at
    while (/[ \t\v\f]/.test(text[probe] ?? '')) probe++
    let field = ''
    if (text[probe] === '"') {
      at = probe + 1
      while (at < text.length) {
        if (text[at] === '\\' && text[at + 1] === '"') {
          field += '\\"'
          at += 2
        } else if (text[at] !== '"') {
          field += text[at++]
        } else if (text[at + 1] === '"') {
          field += '"'
          at += 2
        } else {
          at++
          break
        }
      }
      const rest = text.indexOf(',', at)
      field += text.slice(at, rest < 0 ? undefined : rest)
      at = rest < 0 ? text.length : rest
    } else {
      const end = text.indexOf(',', start)
      field = text.slice(start, end < 0 ? undefined : end)
      at = end < 0 ? text.length : end
    }
    if (at >= text.length) {
      fields.push(field.replace(/[\r\n]+$/, ''))
      return fields
    }
    fields.push(field)
    at++
    if (at >= text.length) {
      fields.push('')
      return fields
    }
  }
}

/** Length in code points, as `mb_strlen`. */
export const lengthOf = (text: string): number => {
  let length = 0
  for (const _ of text) length++
  return length
}
