import { closeSync, existsSync, mkdirSync, openSync, readSync, readdirSync, statSync, truncateSync } from 'node:fs'
import { open, readFile, rm, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { compareCursors, type ConsoleCursor } from './cursor.ts'
import { decodeLine, encodeLine, type StoredLine } from './line-record.ts'

export interface SegmentOptions {
  /** @default 512 KiB */
  readonly segmentBytes?: number
  /** Oldest segments beyond this many are removed. @default 32 */
  readonly maxSegments?: number
}

interface Segment extends ConsoleCursor {
  readonly path: string
}

const NAME = /^(\d{8})\.(\d{10})\.log$/
const RECOVER_BYTES = 256 * 1024

/** The console of one server on disk: files of bounded size, named by the first line they hold. */
export class SegmentFiles {
  readonly #directory: string
  readonly #segmentBytes: number
  readonly #maxSegments: number
  #segments: Segment[]
  #open: { readonly handle: FileHandle; bytes: number; readonly run: number } | null = null

  constructor(directory: string, options: SegmentOptions = {}) {
    this.#directory = directory
    this.#segmentBytes = options.segmentBytes ?? 512 * 1024
    this.#maxSegments = options.maxSegments ?? 32
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    this.#segments = readdirSync(directory)
      .flatMap((name) => {
        const [, run, line] = NAME.exec(name) ?? []
        return run === undefined || line === undefined
          ? []
          : [{ run: Number(run), line: Number(line), path: join(directory, name) }]
      })
      .sort(compareCursors)
  }

  /** The newest lines, after cutting off what a crash left half written. Called once, before the first append. */
  recover(limit: number): readonly StoredLine[] {
    const newest = this.#segments.at(-1)
    if (!newest) return []
    const lines = recoverTail(newest)
    for (const segment of this.#segments.slice(0, -1).toReversed()) {
      if (lines.length >= limit) break
      lines.unshift(...readTail(segment).lines)
    }
    return lines.slice(-limit)
  }

  /** Appends lines of one run in order; they have left the process when the promise resolves. */
  async append(lines: readonly StoredLine[]): Promise<void> {
    const [first] = lines
    if (!first) return
    const text = lines.map(encodeLine).join('')
    if (!this.#open || this.#open.run !== first.run || this.#open.bytes >= this.#segmentBytes) await this.#turn(first)
    if (!this.#open) return
    await this.#open.handle.appendFile(text)
    this.#open.bytes += Buffer.byteLength(text)
  }

  /** Up to `limit` stored lines after a cursor, oldest first; `isWhole` is false when older ones were removed before. */
  async readAfter(cursor: ConsoleCursor, limit: number): Promise<{ lines: readonly StoredLine[]; isWhole: boolean }> {
    const from = Math.max(
      0,
      this.#segments.findLastIndex((segment) => compareCursors(segment, cursor) <= 0),
    )
    const [oldest] = this.#segments
    const isWhole =
      !oldest || oldest.line === 1 || compareCursors(oldest, { run: cursor.run, line: cursor.line + 1 }) <= 0
    const found: StoredLine[] = []
    for (const segment of this.#segments.slice(from)) {
      const text = await readFile(segment.path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        // Removed as too old between the listing and now.
        if (error.code === 'ENOENT') return ''
        throw error
      })
      for (const record of text.split('\n')) {
        const line = decodeLine(segment.run, record)
        if (line && compareCursors(line, cursor) > 0 && found.push(line) >= limit) return { lines: found, isWhole }
      }
    }
    return { lines: found, isWhole }
  }

  async close(): Promise<void> {
    await this.#open?.handle.close()
    this.#open = null
  }

  async #turn(first: StoredLine): Promise<void> {
    const newest = this.#segments.at(-1)
    const isContinued = !this.#open && newest?.run === first.run && sizeOf(newest.path) < this.#segmentBytes
    await this.close()
    const segment = isContinued && newest ? newest : this.#add(first)
    const handle = await open(segment.path, 'a', 0o600)
    this.#open = { handle, bytes: sizeOf(segment.path), run: first.run }
    const excess = this.#segments.slice(0, -this.#maxSegments)
    this.#segments = this.#segments.slice(-this.#maxSegments)
    await Promise.all(excess.map(({ path }) => rm(path, { force: true })))
  }

  #add({ run, line }: StoredLine): Segment {
    const name = `${String(run).padStart(8, '0')}.${String(line).padStart(10, '0')}.log`
    const segment = { run, line, path: join(this.#directory, name) }
    this.#segments.push(segment)
    return segment
  }
}

function sizeOf(path: string): number {
  return existsSync(path) ? statSync(path).size : 0
}

function recoverTail(segment: Segment): StoredLine[] {
  const { lines, tornBytes } = readTail(segment)
  if (tornBytes > 0) truncateSync(segment.path, sizeOf(segment.path) - tornBytes)
  return lines
}

function readTail(segment: Segment): { lines: StoredLine[]; tornBytes: number } {
  const size = sizeOf(segment.path)
  const start = Math.max(0, size - RECOVER_BYTES)
  const buffer = Buffer.alloc(size - start)
  const file = openSync(segment.path, 'r')
  try {
    readSync(file, buffer, 0, buffer.length, start)
  } finally {
    closeSync(file)
  }
  const end = buffer.lastIndexOf(10) + 1
  const records = buffer.subarray(0, end).toString('utf8').split('\n')
  // The first one is cut where reading began in the middle of the file.
  const lines = records.slice(start > 0 ? 1 : 0).flatMap((record) => decodeLine(segment.run, record) ?? [])
  return { lines, tornBytes: buffer.length - end }
}
