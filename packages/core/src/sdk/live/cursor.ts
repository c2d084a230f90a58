/**
 * Whether an event at `cursor` was delivered when everything up to `upTo` was.
 * Cursors are `log:position` or, for a console, `run:line`; those of different logs say nothing about each other.
 */
export function isCovered(cursor: string, upTo: string): boolean {
  if (cursor === upTo) return true
  const [a, b] = [split(cursor), split(upTo)]
  if (!a || !b) return false
  if (a.log === b.log) return a.position <= b.position
  return false
}

function split(cursor: string): { readonly log: string; readonly position: number } | undefined {
  const match = /^(.*):(\d+)$/.exec(cursor)
  return match ? { log: match[1] ?? '', position: Number(match[2]) } : undefined
}
