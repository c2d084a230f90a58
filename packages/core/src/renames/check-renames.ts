import type { Rename } from './plan-renames.ts'

/**
 * Why a new name cannot be had.
 * - `invalid`: it is no name: empty, `.`, `..`, with a slash or NUL, or longer than 255 bytes.
 * - `duplicate`: another of these files would get it as well.
 * - `taken`: something is there that keeps its name.
 */
export type RenameProblem = 'invalid' | 'duplicate' | 'taken'

const MAX_NAME_BYTES = 255

/**
 * What is wrong with each of some renames within one directory, in their order; null when nothing is. Names may be swapped or
 * handed round: a name that one of them gives up is free.
 * @param taken what else has which name in the directory, as far as that is known
 */
export function checkRenames(
  renames: readonly Rename[],
  taken: { has(name: string): boolean } = new Set<string>(),
): (RenameProblem | null)[] {
  const freed = new Set(renames.filter(({ from, to }) => from !== to).map(({ from }) => from))
  const wanted = new Map<string, number>()
  for (const { to } of renames) wanted.set(to, (wanted.get(to) ?? 0) + 1)
  return renames.map(({ from, to }) => {
    if (from === to) return (wanted.get(to) ?? 0) > 1 ? 'duplicate' : null
    if (!isName(to)) return 'invalid'
    if ((wanted.get(to) ?? 0) > 1) return 'duplicate'
    return taken.has(to) && !freed.has(to) ? 'taken' : null
  })
}

function isName(name: string): boolean {
  if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name)) return false
  return lengthInBytes(name) <= MAX_NAME_BYTES
}

/** In UTF-8; a lone surrogate stands for one byte that is none. */
function lengthInBytes(name: string): number {
  let bytes = 0
  for (const character of name) {
    const code = character.codePointAt(0)!
    if (code >= 0xdc80 && code <= 0xdcff) bytes += 1
    else bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
  }
  return bytes
}
