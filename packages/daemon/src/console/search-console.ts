import { compareCursors, type ConsoleCursor } from './cursor.ts'
import { toConsoleLine, type ConsoleLine, type StoredLine } from './line-record.ts'
import type { SegmentFiles } from './segment-files.ts'

export interface ConsoleQuery {
  readonly text?: string
  readonly before: ConsoleCursor | null
  readonly until?: number
  readonly limit: number
}

/** A call answers what it has after this long; the next one goes on. */
const PATIENCE_MS = 1_000
/** Segments between two looks at the clock. */
const SEGMENTS = 16

/** The newest lines that fit, case aside, newest first, and where to go on. */
export async function searchConsole(
  files: SegmentFiles,
  { text = '', before, until, limit }: ConsoleQuery,
  nowMs: () => number = () => performance.now(),
): Promise<{ readonly lines: readonly ConsoleLine[]; readonly before: ConsoleCursor | null }> {
  const wanted = text.toLowerCase()
  const fits = (line: StoredLine) =>
    (until === undefined || line.at <= until) && line.text.toLowerCase().includes(wanted)
  const end = nowMs() + PATIENCE_MS
  const lines: ConsoleLine[] = []
  let cursor = before
  for (;;) {
    const page = await files.findBefore(cursor, fits, {
      limit: limit - lines.length,
      maxSegments: SEGMENTS,
      mayHold: (segment) => segment.toLowerCase().includes(wanted),
    })
    lines.push(...page.lines.map(toConsoleLine))
    if (page.before && cursor && compareCursors(page.before, cursor) >= 0) throw new Error('A search does not go on.')
    cursor = page.before
    if (cursor === null || lines.length >= limit || nowMs() >= end) return { lines, before: cursor }
  }
}
