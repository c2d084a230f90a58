import { createPattern, codePoints } from '../pattern/pattern.ts'
import { daysIn, momentOf, offsetOf, partsAt, type DateParts } from './date-parts.ts'

const MONTHS = 'January February March April May June July August September October November December'.split(' ')
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ')
const SUFFIXES = ['th', 'st', 'nd', 'rd']

const short = (names: readonly string[]) => names.map((name) => name.slice(0, 3))
const oneOf = (names: readonly string[]) => `(${names.join('|')})`
const pad = (value: number, length: number) => String(value).padStart(length, '0')
const two = '(\\d{1,2})'

interface Letter {
  /** How `DateTime::createFromFormat` reads it: one group. */
  readonly pattern: string
  /** Puts what was read into the parts. */
  readonly read?: (parts: Mutable, found: string) => void
  readonly print: (parts: DateParts) => string
}

interface Mutable {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
  microsecond: number
  offset: number
  half?: string
}

const dayOf = (parts: DateParts) => new Date(momentOf({ ...parts, offset: 0, microsecond: 0 }) / 1000).getUTCDay()
const hourOf12 = ({ hour }: DateParts) => hour % 12 || 12
const suffixOf = ({ day }: DateParts) => (day > 10 && day < 14 ? 'th' : (SUFFIXES[day % 10] ?? 'th'))
const signed = (seconds: number, colon: string) =>
  `${seconds < 0 ? '-' : '+'}${pad(Math.floor(Math.abs(seconds) / 3600), 2)}${colon}${pad(Math.floor((Math.abs(seconds) % 3600) / 60), 2)}`

function dayOfYear(parts: DateParts): number {
  let days = parts.day - 1
  for (let month = 1; month < parts.month; month++) days += daysIn(parts.year, month)
  return days
}

/** The letters that both reading and printing know. */
const LETTERS: Readonly<Record<string, Letter>> = {
  d: { pattern: two, read: (parts, found) => (parts.day = Number(found)), print: ({ day }) => pad(day, 2) },
  j: { pattern: two, read: (parts, found) => (parts.day = Number(found)), print: ({ day }) => String(day) },
  m: { pattern: two, read: (parts, found) => (parts.month = Number(found)), print: ({ month }) => pad(month, 2) },
  n: { pattern: two, read: (parts, found) => (parts.month = Number(found)), print: ({ month }) => String(month) },
  Y: { pattern: '(\\d{1,4})', read: (parts, found) => (parts.year = Number(found)), print: ({ year }) => pad(year, 4) },
  y: {
    pattern: '(\\d{2})',
    read: (parts, found) => (parts.year = Number(found) + (Number(found) < 70 ? 2000 : 1900)),
    print: ({ year }) => pad(year % 100, 2),
  },
  F: monthLetter(MONTHS),
  M: monthLetter(short(MONTHS)),
  l: { pattern: oneOf([...DAYS, ...short(DAYS)]), print: (parts) => DAYS[dayOf(parts)] ?? '' },
  D: { pattern: oneOf([...DAYS, ...short(DAYS)]), print: (parts) => short(DAYS)[dayOf(parts)] ?? '' },
  S: { pattern: '(st|nd|rd|th)', print: suffixOf },
  z: {
    pattern: '(\\d{1,3})',
    read: (parts, found) => {
      parts.month = 1
      parts.day = Number(found) + 1
    },
    print: (parts) => String(dayOfYear(parts)),
  },
  H: { pattern: two, read: (parts, found) => (parts.hour = Number(found)), print: ({ hour }) => pad(hour, 2) },
  G: { pattern: two, read: (parts, found) => (parts.hour = Number(found)), print: ({ hour }) => String(hour) },
  h: { pattern: two, read: (parts, found) => (parts.hour = Number(found)), print: (parts) => pad(hourOf12(parts), 2) },
  g: { pattern: two, read: (parts, found) => (parts.hour = Number(found)), print: (parts) => String(hourOf12(parts)) },
  i: {
    pattern: '(\\d{2})',
    read: (parts, found) => (parts.minute = Number(found)),
    print: ({ minute }) => pad(minute, 2),
  },
  s: {
    pattern: '(\\d{2})',
    read: (parts, found) => (parts.second = Number(found)),
    print: ({ second }) => pad(second, 2),
  },
  u: {
    pattern: '(\\d{1,6})',
    read: (parts, found) => (parts.microsecond = Number(found.padEnd(6, '0'))),
    print: ({ microsecond }) => pad(microsecond, 6),
  },
  v: {
    pattern: '(\\d{1,3})',
    read: (parts, found) => (parts.microsecond = Number(found.padEnd(3, '0')) * 1000),
    print: ({ microsecond }) => pad(Math.floor(microsecond / 1000), 3),
  },
  a: {
    pattern: '([ap]m)',
    read: (parts, found) => (parts.half = found),
    print: ({ hour }) => (hour < 12 ? 'am' : 'pm'),
  },
  A: {
    pattern: '([ap]m)',
    read: (parts, found) => (parts.half = found),
    print: ({ hour }) => (hour < 12 ? 'AM' : 'PM'),
  },
  U: {
    pattern: '([+-]?\\d{1,14})',
    read: (parts, found) => Object.assign(parts, partsAt(Number(found) * 1000)),
    print: (parts) => String(Math.floor(momentOf({ ...parts, microsecond: 0 }) / 1_000_000)),
  },
  P: zoneLetter(':'),
  O: zoneLetter(''),
}

function monthLetter(names: readonly string[]): Letter {
  const all = [...MONTHS, ...short(MONTHS)]
  return {
    pattern: oneOf(all),
    read: (parts, found) =>
      (parts.month = short(MONTHS).findIndex((name) => found.toLowerCase().startsWith(name.toLowerCase())) + 1),
    print: ({ month }) => names[month - 1] ?? '',
  }
}

function zoneLetter(colon: string): Letter {
  return {
    pattern: '(Z|UTC|GMT|[+-]\\d{2}:?\\d{2})',
    read: (parts, found) => (parts.offset = offsetOf(found)),
    print: ({ offset }) => signed(offset, colon),
  }
}

const EPOCH: Mutable = { year: 1970, month: 1, day: 1, hour: 0, minute: 0, second: 0, microsecond: 0, offset: 0 }
const MAX_FORMAT = 100

/** Reads a text by a format of PHP; null where it does not fit, or where the format has a letter that is not known here. */
export function readDateAs(format: string, written: string): DateParts | null {
  const letters = [...format]
  if (letters.length > MAX_FORMAT || written.length > 200) return null
  const reads: (Letter['read'] | undefined)[] = []
  let source = ''
  for (let index = 0; index < letters.length; index++) {
    const letter = letters[index] ?? ''
    const known = Object.hasOwn(LETTERS, letter) ? LETTERS[letter] : undefined
    if (known) {
      source += known.pattern
      reads.push(known.read)
    } else if (letter === '\\') source += literal(letters[++index] ?? '')
    else if (letter === '?') source += '[\\s\\S]'
    else if (letter === '*') source += '[^\\s,;:/.\\\\()-]*'
    else if (letter !== '!' && letter !== '|') source += letter === ' ' ? '[ \\t]*' : literal(letter)
  }
  // The engine that gives up: a format may hold many `*`.
  const points = codePoints(written)
  const match = createPattern(`^${source}$`, { ignoreCase: true, dollarEndOnly: true }).find(points)
  if (!match) return null
  const parts: Mutable = { ...EPOCH }
  reads.forEach((read, index) => {
    const [from = 0, to = 0] = match.slice(index * 2 + 2, index * 2 + 4)
    read?.(parts, String.fromCodePoint(...points.slice(from, to)))
  })
  if (parts.half !== undefined) {
    if (parts.hour > 12) return null
    parts.hour = (parts.hour % 12) + (parts.half.toLowerCase() === 'pm' ? 12 : 0)
  }
  return normal(parts)
}

const literal = (char: string): string => char.replace(/[.*+?^${}()|[\]\\/-]/, '\\$&')

/** The 31st of June is the first of July. */
function normal(parts: Mutable): DateParts {
  const { offset, microsecond } = parts
  const moved = partsAt(momentOf({ ...parts, offset: 0, microsecond: 0 }) / 1000)
  return { ...moved, offset, microsecond }
}

/** Prints a moment by a format of PHP. */
export function printDate(format: string, parts: DateParts): string {
  const letters = [...format]
  let text = ''
  for (let index = 0; index < letters.length; index++) {
    const letter = letters[index] ?? ''
    if (letter === '\\') text += letters[++index] ?? ''
    else text += Object.hasOwn(LETTERS, letter) ? (LETTERS[letter]?.print(parts) ?? '') : letter
  }
  return text
}
