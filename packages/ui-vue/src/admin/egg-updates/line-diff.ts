export interface DiffLine {
  readonly kind: 'same' | 'added' | 'removed'
  readonly text: string
}

/** A run of lines to show, or the number of unchanged lines that are left out. */
export type DiffPart = { readonly lines: readonly DiffLine[] } | { readonly skipped: number }

/** Cells of the comparison table; texts that differ more than this are shown as one block out, one block in. */
const MOST_CELLS = 4_000_000

/** Line by line what makes `after` out of `before`, with as many lines kept as possible. */
export function diffLines(before: string, after: string): readonly DiffLine[] {
  const [old, now] = [linesOf(before), linesOf(after)]
  let start = 0
  while (start < old.length && start < now.length && old[start] === now[start]) start += 1
  let end = 0
  while (end < old.length - start && end < now.length - start && old.at(-1 - end) === now.at(-1 - end)) end += 1
  return [
    ...old.slice(0, start).map(same),
    ...diffMiddle(old.slice(start, old.length - end), now.slice(start, now.length - end)),
    ...old.slice(old.length - end).map(same),
  ]
}

/** Folds what did not change, except `context` lines around each change. */
export function foldLines(lines: readonly DiffLine[], context = 3): readonly DiffPart[] {
  const isShown = lines.map(() => false)
  lines.forEach(({ kind }, index) => {
    if (kind === 'same') return
    for (let near = Math.max(0, index - context); near <= Math.min(lines.length - 1, index + context); near += 1) {
      isShown[near] = true
    }
  })
  const parts: DiffPart[] = []
  let from = 0
  while (from < lines.length) {
    let to = from
    while (to < lines.length && isShown[to] === isShown[from]) to += 1
    parts.push(isShown[from] ? { lines: lines.slice(from, to) } : { skipped: to - from })
    from = to
  }
  return parts
}

const linesOf = (text: string): string[] => (text === '' ? [] : text.replace(/\r\n/g, '\n').split('\n'))
const same = (text: string): DiffLine => ({ kind: 'same', text })
const removed = (text: string): DiffLine => ({ kind: 'removed', text })
const added = (text: string): DiffLine => ({ kind: 'added', text })

/** Longest common subsequence by a table of lengths, read from the front. */
function diffMiddle(old: readonly string[], now: readonly string[]): readonly DiffLine[] {
  const width = now.length + 1
  if (old.length === 0 || now.length === 0 || old.length * now.length > MOST_CELLS) {
    return [...old.map(removed), ...now.map(added)]
  }
  const kept = new Uint32Array((old.length + 1) * width)
  const at = (row: number, column: number): number => kept[row * width + column] ?? 0
  for (let row = old.length - 1; row >= 0; row -= 1) {
    for (let column = now.length - 1; column >= 0; column -= 1) {
      kept[row * width + column] =
        old[row] === now[column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1))
    }
  }
  const lines: DiffLine[] = []
  let [row, column] = [0, 0]
  while (row < old.length || column < now.length) {
    const [left, right] = [old[row], now[column]]
    if (left !== undefined && left === right) {
      lines.push(same(left))
      row += 1
      column += 1
    } else if (left !== undefined && (right === undefined || at(row + 1, column) >= at(row, column + 1))) {
      lines.push(removed(left))
      row += 1
    } else if (right !== undefined) {
      lines.push(added(right))
      column += 1
    }
  }
  return lines
}
