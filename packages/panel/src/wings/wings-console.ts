import { ConsoleRing, parseCursor, type Line } from '../live/console-ring.ts'
import { linesAfter } from './join-logs.ts'

const KEPT_LINES = 1_000
const MAX_LINE = 4_096
const TICK_MS = 20
// eslint-disable-next-line no-control-regex
const COLOURS = /\u001b\[[0-9;]*m/g
const DAEMON_LINE = /^\[[^\]]{1,64} Daemon\]: (.*)$/

/** The console of one server on a Wings, which sends bare text: lines get their names here. */
export class WingsConsole {
  readonly #ring = new ConsoleRing(KEPT_LINES)
  readonly #send: (lines: readonly Line[]) => void
  readonly #now: () => number
  #run: number
  #line: number
  #isWatched = false
  #pending: Line[] = []
  #timer: NodeJS.Timeout | null = null

  /** @param firstLine above every line that an earlier connection named in this run, so that no name stands for two lines */
  constructor(parts: {
    readonly run: number
    readonly firstLine: number
    readonly now: () => number
    readonly send: (lines: readonly Line[]) => void
  }) {
    this.#run = parts.run
    this.#line = parts.firstLine
    this.#now = parts.now
    this.#send = parts.send
  }

  beginRun(run: number): void {
    if (run === this.#run) return
    this.#run = run
    this.#line = 0
  }

  /** @returns the text without colours when it is one of the daemon's own lines */
  add(text: string, kind: Line['kind'] = 'out'): string | null {
    const plain = DAEMON_LINE.exec(text.replace(COLOURS, ''))?.[1] ?? null
    this.#append(kind === 'out' && plain !== null ? 'system' : kind, plain !== null && kind === 'out' ? plain : text)
    return plain
  }

  /** Takes from the node's log what came while nobody listened. */
  join(log: readonly string[]): void {
    const known = this.#ring.newest(KEPT_LINES).flatMap(({ kind, text }) => (kind === 'out' ? [text] : []))
    const { fits, lines } = linesAfter(known, log.map(cut))
    if (!fits) this.#append('gap', 'Lines may be missing here: the connection to the node was lost.')
    for (const line of lines) this.#append('out', line)
  }

  read(after: string | null, limit: number): readonly Line[] {
    const cursor = after === null ? null : parseCursor(after)
    return cursor ? this.#ring.after(cursor).slice(0, limit) : this.#ring.newest(limit)
  }

  /** Sends what there is after the cursor, or the newest lines, and then each new one. */
  watch(after: string | null, tail: number): void {
    this.#flush()
    this.#isWatched = true
    const lines = after !== null ? this.#ring.after(parseCursor(after) ?? { run: 0, line: 0 }) : this.#tail(tail)
    if (lines.length > 0) this.#send(lines)
  }

  unwatch(): void {
    this.#isWatched = false
    this.#pending = []
  }

  close(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    this.unwatch()
  }

  #tail(count: number): readonly Line[] {
    return count === 0 ? [] : this.#ring.newest(count)
  }

  #append(kind: Line['kind'], text: string): void {
    const line: Line = { run: this.#run, line: ++this.#line, at: this.#now(), kind, text: cut(text) }
    this.#ring.append([line])
    if (!this.#isWatched) return
    this.#pending.push(line)
    this.#timer ??= setTimeout(() => this.#flush(), TICK_MS).unref()
  }

  #flush(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    const lines = this.#pending
    this.#pending = []
    if (lines.length > 0) this.#send(lines)
  }
}

const cut = (text: string): string => text.slice(0, MAX_LINE)
