import { BrokenRule, parameterOf, text, type Check, type CheckContext } from './check.ts'
import { printDate, readDateAs } from './date-format.ts'
import { daysIn, momentOf, type DateParts } from './date-parts.ts'
import { readDate } from './date-text.ts'
import { looselyEqual } from './php.ts'

/** `checkdate`: a day that the calendar has. */
const isInCalendar = ({ year, month, day }: DateParts): boolean =>
  year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month)

/** `date`: a whole date of the calendar. */
export const isDate = text((value) => {
  const parts = readDate(value)
  return parts !== null && isInCalendar(parts)
})

/** `date_format:…`: read by one of the formats and printed by it again, the same text comes out. */
export const hasDateFormat: Check = (value, rule) => {
  parameterOf(rule, 0)
  if (value === null) return false
  return rule.parameters.some((format) => {
    const parts = readDateAs(format ?? '', value)
    return parts !== null && looselyEqual(printDate(format ?? '', parts), value)
  })
}

/** `after`, `before` and their kind, with a date or another variable. */
export const dated =
  (test: (order: number) => boolean): Check =>
  (value, rule, context) => {
    const limit = parameterOf(rule, 0)
    if (value === null) return false
    const first = momentIn(value, context)
    const second = momentIn(limit, context) ?? momentIn(context.other(limit) ?? '', context)
    if (second === null && /^(?!environment\.)[a-z+-]/i.test(limit)) {
      throw new BrokenRule(`${rule.written} depends on the day; write the date out, as in 2026-01-31.`)
    }
    if (context.dateFormat !== undefined) return first !== null && second !== null && test(first - second)
    // What is no date counts as nothing, which is before everything.
    return test((first ?? -Infinity) === (second ?? -Infinity) ? 0 : (first ?? -Infinity) - (second ?? -Infinity))
  }

function momentIn(written: string, { dateFormat }: CheckContext): number | null {
  const parts = (dateFormat === undefined ? null : readDateAs(dateFormat, written)) ?? readDate(written)
  return parts === null ? null : momentOf(parts)
}
