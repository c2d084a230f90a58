/**
 * Lines of a log that are not among those already known. A Wings gives its lines no names, so the place is found by their text:
 * the longest beginning of the log that the known lines end with.
 * `fits` is false when nothing of it is known: lines may be missing between the two.
 */
export function linesAfter(
  known: readonly string[],
  log: readonly string[],
): { readonly fits: boolean; readonly lines: readonly string[] } {
  for (let end = log.length; end > 0; end--) {
    const length = Math.min(end, known.length)
    if (length > 0 && isSame(known, known.length - length, log, end - length, length)) {
      return { fits: true, lines: log.slice(end) }
    }
  }
  return { fits: known.length === 0 || log.length === 0, lines: log }
}

function isSame(a: readonly string[], fromA: number, b: readonly string[], fromB: number, length: number): boolean {
  for (let index = 0; index < length; index++) if (a[fromA + index] !== b[fromB + index]) return false
  return true
}
