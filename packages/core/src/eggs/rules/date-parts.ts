/** A moment, its parts as written; a text without a zone counts as UTC. */
export interface DateParts {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly microsecond: number
  /** Seconds east of UTC. */
  readonly offset: number
}

export function offsetOf(zone = ''): number {
  const found = /([+-])(\d{1,2}):?(\d{2})?$/.exec(zone)
  if (!found) return 0
  const seconds = Number(found[2]) * 3600 + Number(found[3] ?? 0) * 60
  return found[1] === '-' ? -seconds : seconds
}

export function partsAt(milliseconds: number): DateParts {
  const date = new Date(milliseconds)
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    microsecond: 0,
    offset: 0,
  }
}

export const daysIn = (year: number, month: number): number =>
  month === 2
    ? year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
      ? 29
      : 28
    : [4, 6, 9, 11].includes(month)
      ? 30
      : 31

/** Microseconds since 1970; a date that the calendar lacks runs over into the next month. */
export function momentOf(parts: DateParts): number {
  const { year, month, day, hour, minute, second, microsecond, offset } = parts
  // Not `Date.UTC(year, …)`, which takes the year 5 for 1905.
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  return (date.getTime() + hour * 3_600_000 + minute * 60_000 + second * 1000 - offset * 1000) * 1000 + microsecond
}
