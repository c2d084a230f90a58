import type { OutputChunk } from '@hatchery/core/runtime'

/** Longer lines lose their rest. */
export const MAX_LINE_BYTES = 64 * 1024
/** `2026-01-02T03:04:05.000000000Z `, which the engine puts before every entry of a log with timestamps. */
const STAMP_BYTES = 31
/** The engine cuts a line without an end into entries of this size, all with the timestamp of the first. */
const ENTRY_BYTES = 16 * 1024
const NEWLINE = 10
const EMPTY: Buffer = Buffer.alloc(0)

/** Turns bytes of a container log with timestamps into lines. */
export interface LogParser {
  push(bytes: Buffer): OutputChunk[]
  /** Lines that had no end when the log ended. */
  end(): OutputChunk[]
}

/** `isTty`: the log is one raw stream; otherwise each entry is a frame that tells standard output from standard error. */
export function createLogParser(isTty: boolean): LogParser {
  return isTty ? new RawLogParser() : new FramedLogParser()
}

class RawLogParser implements LogParser {
  #pending = EMPTY
  /** The line at the start of `#pending` was given already, cut off; the rest of it is thrown away. */
  #isSkipping = false
  /** Length of `#pending` when it was last looked through for timestamps. */
  #searched = 0
  readonly #clock = new StampClock()

  push(bytes: Buffer): OutputChunk[] {
    const data = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes])
    const lines: OutputChunk[] = []
    let start = 0
    for (let end = data.indexOf(NEWLINE); end !== -1; end = data.indexOf(NEWLINE, start)) {
      for (const entry of this.#split(data.subarray(start, end))) this.#add(lines, entry)
      start = end + 1
    }
    this.#pending = data.subarray(start)
    // Looked through again only after it has grown: a line may come byte by byte.
    if (start > 0) this.#searched = 0
    if (this.#pending.length < this.#searched + ENTRY_BYTES) return lines
    const split = this.#split(this.#pending)
    const last = split.pop() ?? EMPTY
    for (const entry of split) this.#add(lines, entry)
    this.#pending = last
    this.#searched = last.length
    // Room for the timestamps between the entries of a long line.
    if (last.length > MAX_LINE_BYTES + 6 * STAMP_BYTES) {
      this.#add(lines, last)
      this.#isSkipping = true
      this.#pending = Buffer.concat([last.subarray(0, STAMP_BYTES), last.subarray(-STAMP_BYTES)])
      this.#searched = 0
    }
    return lines
  }

  end(): OutputChunk[] {
    const lines: OutputChunk[] = []
    for (const entry of this.#split(this.#pending)) this.#add(lines, entry)
    this.#pending = EMPTY
    return lines
  }

  /** Lines of a piece without line ends: engines leave the line end out where a line was too long for one entry. */
  #split(piece: Buffer): Buffer[] {
    const isShort = piece.length <= STAMP_BYTES + ENTRY_BYTES
    return isShort && !this.#isSkipping ? [piece] : splitAtStamps(piece)
  }

  #add(lines: OutputChunk[], entry: Buffer): void {
    if (this.#isSkipping) {
      this.#isSkipping = false
      return
    }
    const time = this.#clock.read(entry)
    if (!time) return
    const body = entry.subarray(STAMP_BYTES)
    const stamp = entry.subarray(0, STAMP_BYTES)
    lines.push({ ...time, text: lineText(body.length > ENTRY_BYTES ? withoutStamps(body, stamp) : body) })
  }
}

class FramedLogParser implements LogParser {
  #pending = EMPTY
  /** Line without an end so far, by stream: standard output and error interleave. */
  readonly #partial = new Map<number, { stamp: Buffer; parts: Buffer[]; bytes: number }>()
  readonly #clock = new StampClock()

  push(bytes: Buffer): OutputChunk[] {
    const data = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes])
    const lines: OutputChunk[] = []
    let start = 0
    while (data.length - start >= 8) {
      const size = data.readUInt32BE(start + 4)
      if (data.length - start - 8 < size) break
      this.#frame(lines, data[start] ?? 0, data.subarray(start + 8, start + 8 + size))
      start += 8 + size
    }
    this.#pending = data.subarray(start)
    return lines
  }

  end(): OutputChunk[] {
    const lines: OutputChunk[] = []
    for (const stream of this.#partial.keys()) this.#finish(lines, stream)
    return lines
  }

  #frame(lines: OutputChunk[], stream: number, entry: Buffer): void {
    if (entry.length < STAMP_BYTES) return
    const isComplete = entry[entry.length - 1] === NEWLINE
    const stamp = entry.subarray(0, STAMP_BYTES)
    const body = entry.subarray(STAMP_BYTES, isComplete ? -1 : undefined)
    // Engines leave the line end out where a line was too long for one entry; another timestamp is another line.
    if (this.#partial.get(stream)?.stamp.equals(stamp) === false) this.#finish(lines, stream)
    const line = this.#partial.get(stream) ?? { stamp: Buffer.from(stamp), parts: [], bytes: 0 }
    if (line.bytes < MAX_LINE_BYTES) line.parts.push(Buffer.from(body))
    line.bytes += body.length
    this.#partial.set(stream, line)
    if (isComplete) this.#finish(lines, stream)
  }

  #finish(lines: OutputChunk[], stream: number): void {
    const line = this.#partial.get(stream)
    this.#partial.delete(stream)
    const time = line && this.#clock.read(line.stamp)
    if (line && time)
      lines.push({ ...time, text: lineText(line.parts.length === 1 ? line.parts[0]! : Buffer.concat(line.parts)) })
  }
}

/** Reads the engine's timestamps; the second is parsed once, not for each line of it. */
class StampClock {
  #second = ''
  #secondMs = 0

  read(entry: Buffer): { at: number; atNs: string } | null {
    const stamp = entry.toString('latin1', 0, STAMP_BYTES - 1)
    if (stamp.length < STAMP_BYTES - 1 || stamp[19] !== '.' || stamp[29] !== 'Z') return null
    const second = stamp.slice(0, 19)
    if (second !== this.#second) {
      this.#secondMs = Date.parse(`${second}Z`)
      this.#second = second
    }
    if (Number.isNaN(this.#secondMs)) return null
    const nanos = stamp.slice(20, 29)
    return { at: this.#secondMs + Math.floor(Number(nanos) / 1e6), atNs: `${this.#secondMs / 1000}${nanos}` }
  }
}

const STAMP = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z /g

/** Cuts before every timestamp that is another one than that of the line it stands in. */
function splitAtStamps(piece: Buffer): Buffer[] {
  const entries: Buffer[] = []
  let start = 0
  let current: string | null = null
  for (const match of piece.toString('latin1').matchAll(STAMP)) {
    if (current !== null && match[0] !== current) {
      entries.push(piece.subarray(start, match.index))
      start = match.index
    }
    current = match[0]
  }
  return [...entries, piece.subarray(start)]
}

function withoutStamps(body: Buffer, stamp: Buffer): Buffer {
  const parts: Buffer[] = []
  let start = 0
  for (let at = body.indexOf(stamp); at !== -1; at = body.indexOf(stamp, start)) {
    parts.push(body.subarray(start, at))
    start = at + stamp.length
  }
  return parts.length === 0 ? body : Buffer.concat([...parts, body.subarray(start)])
}

/** What a terminal would show of the line: the end cut off at the limit, and of a progress line its last state. */
export function lineText(bytes: Buffer): string {
  let text = (bytes.length > MAX_LINE_BYTES ? bytes.subarray(0, MAX_LINE_BYTES) : bytes).toString('utf8')
  if (!text.includes('\r')) return text
  text = text.replace(/\r+$/, '')
  return text.slice(text.lastIndexOf('\r') + 1)
}
