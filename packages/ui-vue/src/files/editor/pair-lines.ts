import type { DiffLine } from '../../admin/egg-updates/line-diff.ts'

/** One row of two texts beside each other; null where that side has no line. */
export interface LinePair {
  readonly before: string | null
  readonly after: string | null
  readonly isSame: boolean
}

/** Lines that went, each beside one that came instead. */
export function pairLines(lines: readonly DiffLine[]): readonly LinePair[] {
  const pairs: LinePair[] = []
  for (let at = 0; at < lines.length;) {
    const removed = runOf(lines, at, 'removed')
    const added = runOf(lines, at + removed.length, 'added')
    if (removed.length === 0 && added.length === 0) {
      const { text } = lines[at]!
      pairs.push({ before: text, after: text, isSame: true })
      at += 1
      continue
    }
    for (let row = 0; row < Math.max(removed.length, added.length); row += 1) {
      pairs.push({ before: removed[row] ?? null, after: added[row] ?? null, isSame: false })
    }
    at += removed.length + added.length
  }
  return pairs
}

function runOf(lines: readonly DiffLine[], from: number, kind: DiffLine['kind']): string[] {
  let to = from
  while (lines[to]?.kind === kind) to += 1
  return lines.slice(from, to).map(({ text }) => text)
}
