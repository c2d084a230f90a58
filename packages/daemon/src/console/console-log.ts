import { compareCursors, type ConsoleCursor } from './cursor.ts'
import { toConsoleLine, type ConsoleLine, type StoredLine } from './line-record.ts'
import { searchConsole, type ConsoleQuery } from './search-console.ts'
import { SegmentFiles, type SegmentOptions } from './segment-files.ts'

export interface ConsoleLogOptions extends SegmentOptions {
  readonly now: () => number
  /** Lines kept in memory; more while they are new. @default 2,000 */
  readonly ringLines?: number
  /** Lines arriving within this time are stored and shown together. @default 15 */
  readonly tickMs?: number
  /** Told once when the disk takes no more; lines are still shown. */
  readonly onDiskError?: (error: unknown) => void
}

const MAX_TEXT = 8_192
/** Kept of a server that may never run again; the rest is on disk. */
const RECOVERED_LINES = 200
/** A viewer that is this far behind a flood is still served from memory; it would fall further behind reading from disk. */
const RECENT_MS = 2_000
const MAX_RECENT_LINES = 30_000

/**
 * The console of one server: every line gets its number when it arrives, is written to disk within a tick, and only then
 * shown. What a viewer has seen is therefore never numbered differently after a crash.
 */
export class ConsoleLog {
  readonly #options: ConsoleLogOptions
  readonly #files: SegmentFiles
  readonly #ringLines: number
  /** Newest stored lines, oldest first. */
  #ring: StoredLine[] = []
  /** The newest line that fell out of the ring. */
  #dropped: ConsoleCursor = { run: 0, line: 0 }
  #waiting: StoredLine[] = []
  #timer: NodeJS.Timeout | null = null
  #trimming: NodeJS.Timeout | null = null
  #writing: Promise<void> = Promise.resolve()
  #run = 0
  #line = 0
  #lastOutputNs: string | null = null
  #hasDiskError = false
  #mask: (text: string) => string = (text) => text
  readonly #listeners = new Set<() => void>()

  constructor(directory: string, options: ConsoleLogOptions) {
    this.#options = options
    this.#ringLines = options.ringLines ?? 2_000
    this.#files = new SegmentFiles(directory, options)
    this.#ring = [...this.#files.recover(Math.min(this.#ringLines, RECOVERED_LINES))]
    const last = this.#ring.at(-1)
    if (!last) return
    this.#run = last.run
    this.#line = last.line
    this.#lastOutputNs = this.#ring.findLast(({ run, atNs }) => run === last.run && atNs !== '')?.atNs ?? null
    const [first] = this.#ring
    if (first) this.#dropped = { run: first.run, line: first.line - 1 }
  }

  /** Cursor of the newest line. */
  get head(): ConsoleCursor {
    return { run: this.#run, line: this.#line }
  }

  /** Cursor of the newest line that was stored and may be shown. */
  get storedHead(): ConsoleCursor {
    const last = this.#ring.at(-1)
    return last ? { run: last.run, line: last.line } : this.#dropped
  }

  /** Engine timestamp of the last line of output in this run; null before the first. */
  get lastOutputNs(): string | null {
    return this.#lastOutputNs
  }

  setMask(mask: (text: string) => string): void {
    this.#mask = mask
  }

  /** Lines from now on belong to this run. */
  beginRun(run: number): void {
    if (run === this.#run) return
    this.#run = run
    this.#line = 0
    this.#lastOutputNs = null
  }

  append(kind: ConsoleLine['kind'], text: string, at: number = this.#options.now(), atNs = ''): void {
    this.#line += 1
    if (atNs !== '') this.#lastOutputNs = atNs
    this.#waiting.push({ run: this.#run, line: this.#line, at, kind, atNs, text: this.#mask(bound(text)) })
    this.#timer ??= setTimeout(() => void this.#write(), this.#options.tickMs ?? 15)
  }

  /** Settles when every line so far is stored and shown. */
  async flushed(): Promise<void> {
    await this.#write()
  }

  /** Called after lines were stored. */
  onStored(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** The newest stored lines that are in memory. */
  tail(limit: number): readonly ConsoleLine[] {
    return limit === 0 ? [] : this.#ring.slice(-limit).map(toConsoleLine)
  }

  /** Where the newest `limit` stored lines begin; what is not in memory counts only as far as its run goes. */
  startOfNewest(limit: number): ConsoleCursor {
    const first = this.#ring.at(-limit) ?? this.#ring[0]
    if (limit === 0 || !first) return this.storedHead
    const missing = Math.max(0, limit - this.#ring.length)
    return { run: first.run, line: Math.max(0, first.line - 1 - missing) }
  }

  /** Newest lines of output, for a crash report. */
  lastOutput(limit: number): readonly string[] {
    return this.#ring
      .filter(({ kind, run }) => kind === 'out' && run === this.#run)
      .slice(-limit)
      .map(({ text }) => text)
  }

  /** Lines after a cursor that are still in memory; null when some of them are only on disk. */
  recentAfter(cursor: ConsoleCursor, limit: number): readonly ConsoleLine[] | null {
    if (compareCursors(cursor, this.#dropped) < 0) return null
    const from = lowerBound(this.#ring, cursor)
    return this.#ring.slice(from, from + limit).map(toConsoleLine)
  }

  /** Lines after a cursor, from memory or disk. Where older ones are gone, a gap record says so first. */
  async readAfter(cursor: ConsoleCursor, limit: number): Promise<readonly ConsoleLine[]> {
    const recent = this.recentAfter(cursor, limit)
    if (recent) return recent
    const { lines, isWhole } = await this.#files.readAfter(cursor, limit)
    const [first] = lines
    if (isWhole || !first) return lines.map(toConsoleLine)
    const gap = {
      run: first.run,
      line: first.line - 1,
      at: first.at,
      kind: 'gap',
      text: 'Older lines are not kept.',
    } as const
    return [gap, ...lines.slice(0, limit - 1).map(toConsoleLine)]
  }

  /** Stored lines of all runs that fit, newest first. What is masked cannot be found. */
  async search(query: ConsoleQuery) {
    await this.flushed()
    return searchConsole(this.#files, query)
  }

  /** The first stored line of each run, newest first. */
  runs(): readonly ConsoleCursor[] {
    return this.#files.runs()
  }

  async close(): Promise<void> {
    await this.flushed()
    if (this.#trimming) clearTimeout(this.#trimming)
    await this.#files.close()
  }

  #write(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    this.#writing = this.#writing.then(async () => {
      const batch = this.#waiting
      if (batch.length === 0) return
      this.#waiting = []
      for (const lines of byRun(batch)) await this.#store(lines)
      for (const listener of this.#listeners) listener()
    })
    return this.#writing
  }

  async #store(lines: readonly StoredLine[]): Promise<void> {
    try {
      await this.#files.append(lines)
    } catch (error) {
      if (!this.#hasDiskError) this.#options.onDiskError?.(error)
      this.#hasDiskError = true
    }
    for (const line of lines) this.#ring.push(line)
    this.#trim()
  }

  /** In large steps, so that a flood does not copy the ring with every tick. */
  #trim(): void {
    const { length } = this.#ring
    if (length < this.#ringLines * 2) return
    const old = this.#options.now() - RECENT_MS
    const aged = this.#ring.findLastIndex(({ at }) => at <= old) + 1
    const excess = Math.min(length - this.#ringLines, Math.max(aged, length - MAX_RECENT_LINES))
    const last = this.#ring[excess - 1]
    if (!last || excess < this.#ringLines) return this.#trimLater()
    this.#dropped = { run: last.run, line: last.line }
    this.#ring = this.#ring.slice(excess)
    if (this.#ring.length >= this.#ringLines * 2) this.#trimLater()
  }

  /** After a flood nothing arrives that would make room. */
  #trimLater(): void {
    this.#trimming ??= setTimeout(() => {
      this.#trimming = null
      this.#trim()
    }, RECENT_MS).unref()
  }
}

/** Index of the first line after the cursor. */
function lowerBound(lines: readonly StoredLine[], cursor: ConsoleCursor): number {
  let low = 0
  let high = lines.length
  while (low < high) {
    const middle = (low + high) >> 1
    const line = lines[middle]
    if (line && compareCursors(line, cursor) > 0) high = middle
    else low = middle + 1
  }
  return low
}

function byRun(lines: readonly StoredLine[]): readonly (readonly StoredLine[])[] {
  const first = lines[0]?.run
  if (lines.every(({ run }) => run === first)) return [lines]
  const split = lines.findIndex(({ run }) => run !== first)
  return [lines.slice(0, split), ...byRun(lines.slice(split))]
}

function bound(text: string): string {
  const line = text.includes('\n') ? text.replaceAll('\n', ' ') : text
  return line.length <= MAX_TEXT ? line : `${line.slice(0, MAX_TEXT)}… (${line.length - MAX_TEXT} more characters)`
}
