import type { OutputChunk } from '@hatchery/core/runtime'
import { MAX_LINE_BYTES, lineText } from '../docker/log-parser.ts'

const NEWLINE = 10
const SPACE = 32
/** `2026-01-02T03:04:05.000000000+00:00` at most. */
const MAX_STAMP_BYTES = 35
const EMPTY: Buffer = Buffer.alloc(0)

/**
 * Turns bytes of a pod's log with timestamps into lines. Two lines may have the same time; the later one then counts as a
 * nanosecond younger, so that each has a cursor of its own. A log is always read from the beginning of a second, so the
 * times come out the same whenever it is read.
 */
export class PodLogParser {
  #pending = EMPTY
  #isSkipping = false
  #lastNs = 0n

  push(bytes: Buffer): OutputChunk[] {
    const data = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes])
    const lines: OutputChunk[] = []
    let start = 0
    for (let end = data.indexOf(NEWLINE); end !== -1; end = data.indexOf(NEWLINE, start)) {
      this.#add(lines, data.subarray(start, end))
      start = end + 1
    }
    this.#pending = data.subarray(start)
    if (this.#pending.length > MAX_LINE_BYTES + MAX_STAMP_BYTES) {
      this.#add(lines, this.#pending)
      this.#isSkipping = true
      this.#pending = EMPTY
    }
    return lines
  }

  end(): OutputChunk[] {
    const lines: OutputChunk[] = []
    if (this.#pending.length > 0) this.#add(lines, this.#pending)
    this.#pending = EMPTY
    return lines
  }

  #add(lines: OutputChunk[], entry: Buffer): void {
    if (this.#isSkipping) {
      this.#isSkipping = false
      return
    }
    const space = entry.subarray(0, MAX_STAMP_BYTES + 1).indexOf(SPACE)
    const stamp = space === -1 ? null : nanoseconds(entry.toString('latin1', 0, space))
    if (stamp === null) return
    this.#lastNs = stamp > this.#lastNs ? stamp : this.#lastNs + 1n
    const text = lineText(entry.subarray(space + 1))
    lines.push({ at: Number(this.#lastNs / 1_000_000n), atNs: String(this.#lastNs), text })
  }
}

/** null when the text is no time. */
function nanoseconds(stamp: string): bigint | null {
  const [, second, fraction = '', zone] = /^(.{19})(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(stamp) ?? []
  const ms = Date.parse(`${second}${zone}`)
  return Number.isNaN(ms) ? null : BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0'))
}

/** The whole second before a cursor: the API takes no finer one everywhere. */
export function sinceTime(nanoseconds: string): string {
  return new Date(Math.floor(Number(BigInt(nanoseconds) / 1_000_000_000n)) * 1000).toISOString()
}
