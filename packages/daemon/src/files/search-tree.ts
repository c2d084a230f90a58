import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import {
  compileGlob,
  compilePathPatterns,
  type SearchMatch,
  type SearchOptions,
  type SearchReport,
} from '@hatchery/core/runtime'
import { typeOf } from './file-entries.ts'
import { invalid, notFound } from './file-errors.ts'
import { readAt } from './open-file.ts'
import { Pinned, below, itself } from './pinned.ts'
import { walkTo, type TreeContext } from './tree-context.ts'
import { walkTree, type Visit } from './walk-tree.ts'

const MAX_ENTRIES = 1_000_000
/** Larger files are not looked into; a log of that size is downloaded. */
const MAX_FILE_BYTES = 16 * 1024 * 1024
const MAX_TEXT_BYTES = 2 * 1024 * 1024 * 1024
const MAX_LINES = 10
const MAX_LINE_LENGTH = 300

/** Looks for names and text below a directory. */
export async function searchTree(ctx: TreeContext, path: string, options: SearchOptions): Promise<SearchReport> {
  using place = await walkTo(ctx, path, { followLast: true })
  const target = place.target ?? notFound(path)
  if (!target.stat().isDirectory()) return invalid(path)

  const { text, limit, signal, onProgress, isCaseSensitive = false } = options
  const isNamed = nameTest(options)
  const excluded = compilePathPatterns(options.exclude ?? [])
  const matches: SearchMatch[] = []
  let [entries, bytes] = [0, 0]
  for await (const visit of walkTree(target, signal)) {
    if (++entries > MAX_ENTRIES || bytes > MAX_TEXT_BYTES || matches.length >= limit) {
      return { matches, isPartial: true }
    }
    const { names, info } = visit
    if (excluded.matches(names, info.isDirectory())) {
      visit.skip()
      continue
    }
    if (!isNamed(names.at(-1)!)) continue
    const whole = [...place.names, ...names]
    const lines = text === undefined ? [] : await linesWith(ctx, visit, whole, text, isCaseSensitive)
    if (text !== undefined) bytes += info.isFile() ? Math.min(info.size, MAX_FILE_BYTES) : 0
    onProgress?.({ files: entries, bytes })
    if (text !== undefined && lines.length === 0) continue
    const facts = { type: typeOf(info), sizeBytes: info.size, modifiedAt: Math.max(0, Math.floor(info.mtimeMs)) }
    matches.push({ path: whole.join('/'), ...facts, lines })
  }
  return { matches, isPartial: false }
}

function nameTest({ names = [], isCaseSensitive = false }: SearchOptions): (name: string) => boolean {
  if (names.length === 0) return () => true
  const fold = (text: string) => (isCaseSensitive ? text : text.toLowerCase())
  const tests = names.map((pattern) => compileGlob(fold(/[*?[]/.test(pattern) ? pattern : `*${pattern}*`)))
  return (name) => tests.some((test) => test(fold(name)))
}

async function linesWith(
  ctx: TreeContext,
  { parent, name, info }: Visit,
  whole: readonly string[],
  text: string,
  isCaseSensitive: boolean,
): Promise<{ line: number; text: string }[]> {
  if (!info.isFile() || info.size === 0 || info.size > MAX_FILE_BYTES || ctx.protected.matches(whole, false)) return []
  using pinned = Pinned.find(below(parent, name))
  if (!pinned || !pinned.stat().isFile()) return []
  await using file = await open(itself(pinned), constants.O_RDONLY | constants.O_NONBLOCK)
  const content = await readAt(file, 0, Math.min(info.size, MAX_FILE_BYTES))
  // One byte is one character, so that files of any encoding can be searched; letters beyond ASCII match as they are.
  const fold = (bytes: Buffer) => (isCaseSensitive ? bytes.toString('latin1') : bytes.toString('latin1').toLowerCase())
  if (content.subarray(0, 8192).includes(0)) return []
  return findLines(content, fold(content), fold(Buffer.from(text)))
}

function findLines(content: Buffer, folded: string, wanted: string): { line: number; text: string }[] {
  const lines: { line: number; text: string }[] = []
  let [line, counted] = [1, 0]
  for (let at = folded.indexOf(wanted); at >= 0 && lines.length < MAX_LINES;) {
    for (let end = folded.indexOf('\n', counted); end >= 0 && end < at; end = folded.indexOf('\n', counted)) {
      line += 1
      counted = end + 1
    }
    const end = folded.indexOf('\n', at)
    const begin = Math.max(counted, at - MAX_LINE_LENGTH / 2)
    const bytes = content.subarray(begin, Math.min(end < 0 ? content.length : end, begin + MAX_LINE_LENGTH))
    lines.push({ line, text: bytes.toString('utf8').replace(/\r$/, '') })
    at = end < 0 ? -1 : folded.indexOf(wanted, end)
  }
  return lines
}
