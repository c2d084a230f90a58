import type { ConsoleLine } from '../console/line-record.ts'

export interface Continuity {
  readonly lines: number
  /** What is wrong; empty when every line is there exactly once, in order. */
  readonly faults: readonly string[]
}

/**
 * Judges the console of a server that prints `n 1`, `n 2`, …: numbers without gap and repetition, line ids likewise, and no
 * gap record.
 */
export function judgeContinuity(lines: readonly ConsoleLine[]): Continuity {
  const faults: string[] = []
  let number = 0
  let id = 0
  for (const { line, kind, text } of lines) {
    if (id !== 0 && line !== id + 1) faults.push(`line ${line} follows line ${id}`)
    id = line
    if (kind === 'gap') faults.push(`a gap before line ${line}: ${text}`)
    const [, digits] = /^n (\d+)$/.exec(text) ?? []
    if (kind !== 'out' || digits === undefined) continue
    if (Number(digits) !== number + 1) faults.push(`number ${digits} follows number ${number} at line ${line}`)
    number = Number(digits)
  }
  return { lines: number, faults }
}
