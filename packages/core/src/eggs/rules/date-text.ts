import { once } from '../once.ts'
import { offsetOf, partsAt, type DateParts } from './date-parts.ts'

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const MONTH =
  '(?<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)'
const DAY = '(?<day>0?[1-9]|[12]\\d|3[01]|00?)'
const MM = '(?<month>1[0-2]|0?\\d)'
const YEAR = '(?<year>\\d{4})'
/** Below 70 it is a year of this century, up to 99 one of the last. */
const SHORT = '(?<year>\\d{1,4})'
const SUFFIX = '(?:st|nd|rd|th)?'
const TIME =
  '(?<hour>2[0-4]|[01]?\\d)[:.](?<minute>[0-5]?\\d)(?:[:.](?<second>60|[0-5]?\\d)(?:\\.(?<fraction>\\d{1,9}))?)?(?:\\s*(?<half>[ap])\\.?m\\.?)?'
const ZONE = '(?<zone>z|utc|gmt|(?:gmt|utc)?[+-]\\d{1,2}(?::?\\d{2})?)'
const WEEKDAY = '(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\\s+)?'

/** The forms of a date that PHP's `strtotime` knows and that name year and month. */
const FORMS = once(() =>
  [
    `${SHORT}-${MM}-${DAY}`,
    `${YEAR}/${MM}/${DAY}`,
    `${MM}/${DAY}/${SHORT}`,
    `${DAY}[-.]${MM}[-.]${YEAR}`,
    `${DAY}\\.${MM}\\.(?<year>\\d{2})`,
    `${DAY}${SUFFIX}[ .\\t-]*${MONTH}[ .\\t-]*${YEAR}`,
    `${MONTH}[ .\\t-]*${DAY}${SUFFIX},?[ .\\t]+${YEAR}`,
    `(?<year>\\d{4}|\\d{2})-${MONTH}-${DAY}`,
    `${MONTH}[ .\\t-]*${YEAR}`,
    `${YEAR}[ .\\t-]*${MONTH}`,
    `${YEAR}-${MM}`,
    `(?<year>\\d{4})(?<month>0[1-9]|1[0-2])(?<day>0[1-9]|[12]\\d|3[01])`,
  ].map(
    (date) =>
      new RegExp(
        `^\\s*${WEEKDAY}${date}(?:(?:\\s+|\\s*t)${TIME}(?:\\s*${ZONE})?|\\s*${ZONE.replace('<zone>', '<far>')})?\\s*$`,
        'i',
      ),
  ),
)

const MAX_LENGTH = 200

/** An absolute date, in the forms of `strtotime`; null for what is none, or depends on the day it is asked. */
export function readDate(written: string): DateParts | null {
  if (written.length > MAX_LENGTH) return null
  const stamp = /^\s*@(-?\d{1,14})\s*$/.exec(written)?.[1]
  if (stamp !== undefined) return partsAt(Number(stamp) * 1000)
  for (const form of FORMS()) {
    const found = form.exec(written)?.groups
    if (!found) continue
    const { name, half, fraction = '0', zone, far } = found
    const hour = Number(found['hour'] ?? 0)
    if (half !== undefined && (hour < 1 || hour > 12)) return null
    const month = name === undefined ? Number(found['month']) : MONTHS.indexOf(name.slice(0, 3).toLowerCase()) + 1
    return {
      year: yearOf(found['year'] ?? ''),
      month,
      day: Number(found['day'] ?? 1),
      hour: half === undefined ? hour : (hour % 12) + (half.toLowerCase() === 'p' ? 12 : 0),
      minute: Number(found['minute'] ?? 0),
      second: Number(found['second'] ?? 0),
      microsecond: Number(fraction.padEnd(6, '0').slice(0, 6)),
      offset: offsetOf(zone ?? far),
    }
  }
  return null
}

function yearOf(written: string): number {
  const year = Number(written)
  if (written.length > 2) return year
  return year < 70 ? year + 2000 : year + 1900
}
