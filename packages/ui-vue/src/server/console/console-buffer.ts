import type { ConsoleLine } from '@hatchery/core/sdk'
import { lastRewrite, stripAnsi } from './ansi.ts'

/** One row of the log: a console line, or a mark between lines. */
export interface LogEntry {
  /** Rises by one with each entry; the address of a row in this buffer. */
  readonly key: number
  readonly kind: ConsoleLine['kind'] | 'run' | 'skipped'
  /** As the server wrote it, with colours. */
  readonly text: string
  /** Without colours, for search and copying. */
  readonly plain: string
  readonly at: number
  /** Run the entry belongs to; 0 when it belongs to none. */
  readonly run: number
  /** For `skipped`: how many lines were left out. */
  readonly count?: number
}

/**
 * The newest lines of one console. Knows each line by `run:line`, so that a resumed stream repeats nothing;
 * marks gaps, left-out lines and new runs; a line that ends in a carriage return is replaced by the next one.
 */
export class ConsoleBuffer {
  readonly #capacity: number
  #entries: LogEntry[] = []
  #nextKey = 0
  #run = 0
  #line = -1
  #isReplaceable = false

  constructor(capacity = 20_000) {
    this.#capacity = capacity
  }

  get entries(): readonly LogEntry[] {
    return this.#entries
  }

  /** Key of the oldest entry; rises when the ring drops old ones. */
  get firstKey(): number {
    return this.#entries[0]?.key ?? this.#nextKey
  }

  /** `run:line` of the newest line. */
  get cursor(): string | undefined {
    return this.#line < 0 ? undefined : `${this.#run}:${this.#line}`
  }

  /** Adds lines in order; those that are here already are left out. Answers how many rows were added. */
  push(lines: readonly ConsoleLine[], skipped = 0): number {
    const before = this.#nextKey
    if (skipped > 0) this.#add({ kind: 'skipped', text: '', at: lines[0]?.at ?? 0, run: this.#run, count: skipped })
    for (const line of lines) {
      if (!this.#isNew(line)) continue
      if (line.run !== this.#run && this.#line >= 0) this.#add({ kind: 'run', text: '', at: line.at, run: line.run })
      this.#run = line.run
      this.#line = line.line
      this.#take(line)
    }
    const excess = this.#entries.length - this.#capacity
    // Dropped in steps, so that a busy console does not move the whole array for each line.
    if (excess > 0) this.#entries = this.#entries.slice(excess)
    return this.#nextKey - before
  }

  /** Forgets everything; what follows is a new snapshot. */
  clear(): void {
    this.#entries = []
    this.#run = 0
    this.#line = -1
    this.#isReplaceable = false
  }

  #isNew({ run, line }: ConsoleLine): boolean {
    return run > this.#run || (run === this.#run && line > this.#line)
  }

  #take(line: ConsoleLine): void {
    const text = lastRewrite(line.text)
    if (this.#isReplaceable) this.#entries.pop()
    this.#isReplaceable = line.text.endsWith('\r')
    this.#add({ kind: line.kind, text, at: line.at, run: line.run })
  }

  #add(entry: Omit<LogEntry, 'key' | 'plain'>): void {
    this.#entries.push({ ...entry, key: this.#nextKey, plain: stripAnsi(entry.text) })
    this.#nextKey += 1
  }
}
