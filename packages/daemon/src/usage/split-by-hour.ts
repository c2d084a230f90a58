import { addAmounts, mapAmounts, NOTHING, type Amounts } from './amounts.ts'

export const HOUR_MS = 3_600_000
/** Hours that nothing was counted in are written as zero, back to this long ago. */
const MAX_HOURS = 35 * 24

export const hourOf = (at: number): number => Math.floor(at / HOUR_MS) * HOUR_MS

export interface HourShare {
  readonly hour: number
  readonly amounts: Amounts
}

/**
 * Divides what was used in the `durationMs` before `wallMs` among the hours from `openHour` on; the last one is the hour now
 * under way. Every hour between is there, with nothing in it where the clock jumped over it. Where the clock was set back,
 * everything belongs to the hour that was open: an hour that is over is never opened again.
 *
 * The shares add up to the amounts exactly.
 */
export function splitByHour(
  amounts: Amounts,
  durationMs: number,
  wallMs: number,
  openHour: number,
): readonly HourShare[] {
  const last = Math.max(openHour, hourOf(wallMs))
  const first = Math.max(openHour, last - MAX_HOURS * HOUR_MS)
  if (last === openHour) return [{ hour: openHour, amounts }]
  const begin = wallMs - durationMs
  const shares: HourShare[] = []
  let given = NOTHING
  for (let hour = first; hour <= last; hour += HOUR_MS) {
    const end = Math.min(wallMs, hour + HOUR_MS)
    // What lies before the open hour belongs to it.
    const part = hour === last || durationMs <= 0 ? (hour === last ? 1 : 0) : clamp((end - begin) / durationMs)
    const until = mapAmounts((kind) => Math.round(amounts[kind] * part))
    const before = given
    shares.push({ hour, amounts: mapAmounts((kind) => until[kind] - before[kind]) })
    given = addAmounts(NOTHING, until)
  }
  if (first > openHour) shares.unshift({ hour: openHour, amounts: NOTHING })
  return shares
}

const clamp = (part: number): number => Math.min(1, Math.max(0, part))
