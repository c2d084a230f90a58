import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs'
import { open, rm, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { compareCursors, type ConsoleCursor } from './cursor.ts'
import { decodeLine, encodeLine, type StoredLine } from './line-record.ts'
import { packSegment, PACKED, readPackedSync, readSegment } from './packed-segment.ts'

export interface SegmentOptions {
  /** @default 512 KiB */
  readonly segmentBytes?: number
  /** Oldest segments beyond this many are removed. @default 2,000 */
  readonly maxSegments?: number
  /** Oldest segments are removed until all of them take no more of the disk, compressed. @default 64 MiB */
  readonly maxBytes?: number
  /** Segments that were written last longer ago are removed when another begins. @default 30 days */
  readonly maxAgeMs?: number
}

interface Segment extends ConsoleCursor {
  /** Without the ending of a compressed one, which it gets when another begins. */
  readonly path: string
}

export interface FindOptions {
  readonly limit: number
  readonly maxSegments: number
  /** Whether a line that fits can be in this text; others are not taken apart. */
  readonly mayHold?: (segment: string) => boolean
}

/** Newest first. */
export interface FoundLines {
  readonly lines: readonly StoredLine[]
  /** Where an older page begins; null when everything was looked at. */
  readonly before: ConsoleCursor | null
}

const NAME = /^(\d{8})\.(\d{10})\.log(\.zst)?$/
const RECOVER_BYTES = 256 * 1024

/** The console of one server on disk: files of bounded size, named by the first line they hold. */
export class SegmentFiles {
  readonly #directory: string
  readonly #segmentBytes: number
  readonly #maxSegments: number
  readonly #maxBytes: number
  readonly #maxAgeMs: number
  #segments: Segment[]
  #packing: Promise<void> = Promise.resolve()
  #hasPacked = false
  #open: { readonly handle: FileHandle; bytes: number; readonly run: number } | null = null

  constructor(directory: string, options: SegmentOptions = {}) {
    this.#directory = directory
    this.#segmentBytes = options.segmentBytes ?? 512 * 1024
    this.#maxSegments = options.maxSegments ?? 2_000
    this.#maxBytes = options.maxBytes ?? 64 * 1024 * 1024
    this.#maxAgeMs = options.maxAgeMs ?? 30 * 24 * 3_600_000
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    const names = new Set(readdirSync(directory))
    // A crash between the two steps of packing leaves both files; the compressed one is whole.
    for (const name of names) if (names.has(name + PACKED)) rmSync(join(directory, name), { force: true })
    const plain = new Set([...names].filter((name) => NAME.test(name)).map((name) => name.replace(/\.zst$/, '')))
    this.#segments = [...plain]
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
      const text = await readSegment(segment.path)
      for (const record of text.split('\n')) {
        const line = decodeLine(segment.run, record)
        if (line && compareCursors(line, cursor) > 0 && found.push(line) >= limit) return { lines: found, isWhole }
      }
    }
    return { lines: found, isWhole }
  }

  /**
   * The newest lines before a cursor that fit, newest first. One call reads at most `maxSegments` segments, so that a search
   * through everything is many calls, each of which ends soon.
   */
  async findBefore(
    cursor: ConsoleCursor | null,
    fits: (line: StoredLine) => boolean,
    { limit, maxSegments, mayHold = () => true }: FindOptions,
  ): Promise<FoundLines> {
    const found: StoredLine[] = []
    const wanted = this.#segments
      .filter((segment) => cursor === null || compareCursors(segment, cursor) < 0)
      .toReversed()
    for (const [index, segment] of wanted.entries()) {
      if (index >= maxSegments) {
        // The segment before this one was read to its beginning.
        const last = wanted[index - 1]
        return { lines: found, before: last ? { run: last.run, line: last.line } : null }
      }
      const text = await readSegment(segment.path)
      if (!mayHold(text)) continue
      const records = text.split('\n')
      for (let at = records.length - 1; at >= 0; at--) {
        const line = decodeLine(segment.run, records[at] ?? '')
        if (!line || (cursor && compareCursors(line, cursor) >= 0) || !fits(line)) continue
        if (found.push(line) >= limit) return { lines: found, before: { run: line.run, line: line.line } }
      }
    }
    return { lines: found, before: null }
  }

  /** The first line of each run that is still there, newest first. */
  runs(): readonly ConsoleCursor[] {
    const first = new Map<number, ConsoleCursor>()
    for (const { run, line } of this.#segments) if (!first.has(run)) first.set(run, { run, line })
    return [...first.values()].toReversed()
  }

  async close(): Promise<void> {
    await this.#closeOpen()
    await this.#packing
  }

  async #closeOpen(): Promise<void> {
    await this.#open?.handle.close()
    this.#open = null
  }

  async #turn(first: StoredLine): Promise<void> {
    const newest = this.#segments.at(-1)
    const isContinued =
      !this.#open && newest?.run === first.run && existsSync(newest.path) && sizeOf(newest.path) < this.#segmentBytes
    await this.#closeOpen()
    const segment = isContinued && newest ? newest : this.#add(first)
    const handle = await open(segment.path, 'a', 0o600)
    this.#open = { handle, bytes: sizeOf(segment.path), run: first.run }
    await this.#removeExpired()
    // In the background: a console never waits for a compression.
    const ended = isContinued ? undefined : newest
    this.#packing = this.#packing.then(() => this.#pack(ended))
  }

  async #pack(ended: Segment | undefined): Promise<void> {
    // The first time also what an earlier life of the agent has left.
    const waiting = this.#hasPacked ? [ended] : this.#segments.slice(0, -1)
    this.#hasPacked = true
    try {
      for (const segment of waiting) {
        if (!segment || !existsSync(segment.path)) continue
        await packSegment(segment.path)
        // Removed as too old meanwhile.
        if (!this.#segments.includes(segment)) await rm(segment.path + PACKED, { force: true })
      }
    } catch {
      // A full disk: the segment stays as it is, which is readable all the same.
    }
  }

  async #removeExpired(): Promise<void> {
    const oldest = this.#expired()
    const gone = this.#segments.slice(0, oldest)
    this.#segments = this.#segments.slice(oldest)
    await Promise.all(gone.flatMap(({ path }) => [path, path + PACKED]).map((path) => rm(path, { force: true })))
  }

  /** How many of the oldest segments are too many, too large together, or too old; the one being written stays. */
  #expired(): number {
    const old = Date.now() - this.#maxAgeMs
    let bytes = 0
    for (let index = this.#segments.length - 1; index >= 0; index--) {
      const segment = this.#segments[index]
      if (!segment) continue
      const file = fileOf(segment.path)
      bytes += file?.size ?? 0
      if (index === this.#segments.length - 1) continue
      const count = this.#segments.length - index
      if (count > this.#maxSegments || bytes > this.#maxBytes || (file?.mtimeMs ?? 0) < old) return index + 1
    }
    return 0
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

function fileOf(path: string) {
  return statSync(path, { throwIfNoEntry: false }) ?? statSync(path + PACKED, { throwIfNoEntry: false })
}

function recoverTail(segment: Segment): StoredLine[] {
  const { lines, tornBytes } = readTail(segment)
  if (tornBytes > 0) truncateSync(segment.path, sizeOf(segment.path) - tornBytes)
  return lines
}

function readTail(segment: Segment): { lines: StoredLine[]; tornBytes: number } {
  const packed = existsSync(segment.path) ? null : readPackedSync(segment.path)
  if (packed !== null) {
    const records = packed.split('\n')
    return { lines: records.flatMap((record) => decodeLine(segment.run, record) ?? []), tornBytes: 0 }
  }
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
