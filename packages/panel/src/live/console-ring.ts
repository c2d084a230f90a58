import type { ConsoleLine } from '@hatchery/core/api'
import type { Static } from 'typebox'

export type Line = Static<typeof ConsoleLine>

export interface LineCursor {
  readonly run: number
  readonly line: number
}

export function parseCursor(text: string): LineCursor | null {
  const match = /^(\d{1,15}):(\d{1,15})$/.exec(text)
  return match ? { run: Number(match[1]), line: Number(match[2]) } : null
}

export function formatCursor({ run, line }: LineCursor): string {
  return `${run}:${line}`
}

export function compareCursors(a: LineCursor, b: LineCursor): number {
  return a.run - b.run || a.line - b.line
}

/** The newest lines of one console, in order and each once. */
export class ConsoleRing {
  readonly #size: number
  #lines: Line[] = []

  constructor(size: number) {
    this.#size = size
  }

  get first(): Line | undefined {
    return this.#lines[0]
  }

  get last(): Line | undefined {
    return this.#lines.at(-1)
  }

  /** Appends what is new of these lines. @returns what was new */
  append(lines: readonly Line[]): readonly Line[] {
    let { last } = this
    // A watch that began anew may send again, in the same batch, what the one before had sent.
    const fresh = lines.filter((line) => {
      if (last && compareCursors(line, last) <= 0) return false
      last = line
      return true
    })
    this.#lines.push(...fresh)
    // Cut in large steps, so that a flood does not move the array with every batch.
    if (this.#lines.length > this.#size * 2) this.#lines = this.#lines.slice(-this.#size)
    return fresh
  }

  /** Forgets everything: what follows is not joined to what was before. */
  clear(): void {
    this.#lines = []
  }

  newest(count: number): readonly Line[] {
    return this.#lines.slice(-count)
  }

  /** Lines after a cursor. */
  after(cursor: LineCursor): readonly Line[] {
    // Lines are in order; the place is found from the end, where resuming viewers are.
    let from = this.#lines.length
    while (from > 0 && compareCursors(this.#lines[from - 1]!, cursor) > 0) from--
    return this.#lines.slice(from)
  }

  /** Whether nothing is missing between a cursor and the first line that is kept. */
  reaches(cursor: LineCursor): boolean {
    const { first, last } = this
    if (!first || !last || compareCursors(cursor, last) > 0) return false
    if (compareCursors(cursor, first) >= 0) return true
    return cursor.run === first.run && cursor.line === first.line - 1
  }
}
