import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { UsageError } from './command-io.ts'

const MAGIC = /[*?[{]/

/** Whether a name of the command line is a pattern. */
export const isGlob = (pattern: string): boolean => MAGIC.test(pattern)

/**
 * Paths that match a pattern, sorted. `*` and `?` stay within a name, `**` crosses folders, `[ab]` is one of these
 * characters, `{a,b}` one of these texts. Names that begin with a dot are matched by a dot only. Links to folders are not
 * followed by `**`.
 * @throws UsageError for a pattern such as `[z-a]`
 */
export async function expandGlob(pattern: string): Promise<string[]> {
  const written = path.sep === '\\' ? pattern.replaceAll('\\', '/') : pattern
  const segments = written.split('/')
  const magic = segments.findIndex((segment) => MAGIC.test(segment))
  const base = magic === -1 ? segments : segments.slice(0, magic)
  const found = new Set<string>()
  await walk(base.length === 1 && base[0] === '' ? '/' : base.join('/'), segments.slice(base.length), found)
  return [...found].sort()
}

async function walk(folder: string, segments: readonly string[], found: Set<string>): Promise<void> {
  const [segment, ...rest] = segments
  if (segment === undefined) return
  if (segment === '**') {
    await walk(folder, rest.length === 0 ? ['*'] : rest, found)
    for (const entry of await entriesOf(folder)) {
      if (entry.isDirectory() && !entry.name.startsWith('.')) await walk(join(folder, entry.name), segments, found)
    }
    return
  }
  const matches = segmentPattern(segment)
  for (const entry of await entriesOf(folder)) {
    if (!matches.test(entry.name) || (entry.name.startsWith('.') && !segment.startsWith('.'))) continue
    const here = join(folder, entry.name)
    if (rest.length === 0) found.add(here)
    else if (!entry.isFile()) await walk(here, rest, found)
  }
}

const join = (folder: string, name: string): string =>
  folder === '' ? name : folder.endsWith('/') ? folder + name : `${folder}/${name}`

async function entriesOf(folder: string) {
  try {
    return await readdir(folder === '' ? '.' : folder, { withFileTypes: true })
  } catch (error) {
    // A pattern finds nothing in a folder that is not there or not ours to read.
    if (error instanceof Error && 'code' in error) return []
    throw error
  }
}

function segmentPattern(segment: string): RegExp {
  let source = ''
  let depth = 0
  for (let at = 0; at < segment.length; at++) {
    const character = segment[at] ?? ''
    const set = character === '[' ? /^\[([!^]?)(\]?[^\]]*)\]/.exec(segment.slice(at)) : null
    if (set) {
      source += `[${set[1] === '' ? '' : '^'}${(set[2] ?? '').replace(/[\\\]^]/g, '\\$&')}]`
      at += set[0].length - 1
    } else if (character === '*') source += '.*'
    else if (character === '?') source += '.'
    else if (character === '{' && segment.includes('}', at)) {
      source += '(?:'
      depth++
    } else if (character === '}' && depth > 0) {
      source += ')'
      depth--
    } else if (character === ',' && depth > 0) source += '|'
    else source += character.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&')
  }
  try {
    return new RegExp(`^${source}${')'.repeat(depth)}$`, 'su')
  } catch (error) {
    throw new UsageError(`The pattern ${segment} cannot be read.`, { cause: error })
  }
}
