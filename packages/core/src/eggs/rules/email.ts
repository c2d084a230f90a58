import { once } from '../once.ts'

const LABEL_BYTES = 63
const DOMAIN_BYTES = 253

/** Letters, digits and what is neither a sign nor a control character beyond ASCII. */
const WORD = once(() => /[A-Za-z0-9]|[^\0-\x7f\p{S}\p{C}]/u)
/** What may stand in front of the `@` without quotes, beside words and dots. */
const MARKS = new Set("!#$%&'*+-/=?^_`{|}~\\")
/** Signs that Unicode counts as punctuation, and mail servers do not know. */
const NOT_IN_HOSTS = /[¿¡]/

/** An address as Laravel's `email` takes it (RFC 5322; a bare host will do). Comments and white space outside quotes do not pass. */
export function isEmail(value: string): boolean {
  if (/[\r\n\0]/.test(value)) return false
  const at = value.startsWith('"') ? closingQuote(value) + 1 : value.indexOf('@')
  if (at <= 0 || value.charAt(at) !== '@') return false
  const local = value.slice(0, at)
  return (local.startsWith('"') || isDotAtom(local)) && isDomain(value.slice(at + 1))
}

function closingQuote(text: string): number {
  for (let at = 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '\t') return -1
    else if (text[at] === '"') return at
  }
  return -1
}

/** A backslash may stand before a sign only. */
const ESCAPED_WORD = once(() => /\\(?:[A-Za-z0-9]|[^\0-\x7f\p{S}\p{C}¿¡])/u)

const isDotAtom = (local: string): boolean =>
  !/^\.|\.\.|\.$/.test(local) &&
  !ESCAPED_WORD().test(local) &&
  [...local].every((char) => char === '.' || MARKS.has(char) || WORD().test(char))

function isDomain(domain: string): boolean {
  // What stands in brackets is an address of a host; whether it is a good one is not asked.
  if (domain.startsWith('[')) return /^\[[^[\]\\\0]*\]$/.test(domain)
  if (domain === '' || bytesOf(domain) > DOMAIN_BYTES) return false
  if (/^[.-]|\.\.|-\.|[.-]$/.test(domain) || NOT_IN_HOSTS.test(domain)) return false
  if (![...domain].every((char) => char === '.' || char === '-' || WORD().test(char))) return false
  return domain.split('.').every((label) => bytesOf(label) <= LABEL_BYTES)
}

const bytesOf = (text: string): number => new TextEncoder().encode(text).length
