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
  /** The rest of a line that was cut is thrown away up to its end. */
  #isSkipping = false
  readonly #clock = new StampClock()

  push(bytes: Buffer): OutputChunk[] {
    const data = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes])
    const lines: OutputChunk[] = []
    let start = 0
    for (let end = data.indexOf(NEWLINE); end !== -1; end = data.indexOf(NEWLINE, start)) {
      if (this.#isSkipping) this.#isSkipping = false
      else this.#add(lines, data.subarray(start, end))
      start = end + 1
    }
    this.#pending = data.subarray(start)
    // Room for the timestamps between the entries of a long line.
    if (this.#pending.length > MAX_LINE_BYTES + 6 * STAMP_BYTES) {
      if (!this.#isSkipping) this.#add(lines, this.#pending)
      this.#isSkipping = true
      this.#pending = EMPTY
    }
    return lines
  }

  end(): OutputChunk[] {
    const lines: OutputChunk[] = []
    if (!this.#isSkipping && this.#pending.length > 0) this.#add(lines, this.#pending)
    this.#pending = EMPTY
    this.#isSkipping = false
    return lines
  }

  #add(lines: OutputChunk[], entry: Buffer): void {
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
    const body = entry.subarray(STAMP_BYTES, isComplete ? -1 : undefined)
    const line = this.#partial.get(stream) ?? {
      stamp: Buffer.from(entry.subarray(0, STAMP_BYTES)),
      parts: [],
      bytes: 0,
    }
    if (line.bytes < MAX_LINE_BYTES) line.parts.push(isComplete ? body : Buffer.from(body))
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
