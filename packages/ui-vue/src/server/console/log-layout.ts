import type { LogEntry } from './console-buffer.ts'

const TAB_COLUMNS = 8

/**
 * Where each row of the log lies, counted in text rows. With wrapping, a long line takes several rows; in a monospaced
 * font that follows from its length, so nothing has to be measured and 20,000 lines cost a few milliseconds.
 */
export class LogLayout {
  #columns = Number.POSITIVE_INFINITY
  /** `ends[i]` is the first row after entry `i`, counted from the first entry that was ever laid out. */
  #ends: number[] = []
  #firstKey = 0
  /** Rows of entries that the ring has dropped. */
  #dropped = 0

  /** Rows of the whole log. */
  get rows(): number {
    return (this.#ends.at(-1) ?? this.#dropped) - this.#dropped
  }

  /** Follows the entries; `columns` is how many characters fit, or infinite without wrapping. Answers the rows that went away in front. */
  update(entries: readonly LogEntry[], columns: number): number {
    const first = entries[0]?.key ?? 0
    const isSame =
      entries.length > 0 &&
      columns === this.#columns &&
      first >= this.#firstKey &&
      first <= this.#firstKey + this.#ends.length
    if (!isSame) {
      this.#ends = []
      this.#dropped = 0
      this.#firstKey = first
      this.#columns = columns
    }
    const gone = first - this.#firstKey
    const before = this.#dropped
    if (gone > 0) {
      this.#dropped = this.#ends[gone - 1] ?? this.#dropped
      this.#ends = this.#ends.slice(gone)
      this.#firstKey = first
    }
    // The last known entry may have been rewritten by a carriage return.
    if (this.#ends.length > 0) this.#ends.pop()
    for (let index = this.#ends.length; index < entries.length; index += 1) {
      this.#ends.push((this.#ends[index - 1] ?? this.#dropped) + rowsOf(entries[index]?.plain ?? '', columns))
    }
    return isSame ? this.#dropped - before : 0
  }

  /** First row of an entry. */
  top(index: number): number {
    return (index === 0 ? this.#dropped : (this.#ends[index - 1] ?? this.#dropped)) - this.#dropped
  }

  /** The entry that covers a row. */
  indexAt(row: number): number {
    let low = 0
    let high = Math.max(0, this.#ends.length - 1)
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#ends[middle] ?? 0) - this.#dropped <= row) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** Rows that a line takes when `columns` characters fit. */
export function rowsOf(text: string, columns: number): number {
  if (text.length * 2 <= columns && !text.includes('\t')) return 1
  return Math.max(1, Math.ceil(columnsOf(text) / columns))
}

/** Width of a line in columns; East Asian letters and emoji take two. */
function columnsOf(text: string): number {
  let width = 0
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0
    if (character === '\t') width += TAB_COLUMNS - (width % TAB_COLUMNS)
    else width += point >= 0x1100 && isWide(point) ? 2 : 1
  }
  return width
}

function isWide(point: number): boolean {
  return (
    point <= 0x115f ||
    (point >= 0x2e80 && point <= 0xa4cf) ||
    (point >= 0xac00 && point <= 0xd7a3) ||
    (point >= 0xf900 && point <= 0xfaff) ||
    (point >= 0xfe30 && point <= 0xfe6f) ||
    (point >= 0xff00 && point <= 0xff60) ||
    (point >= 0x1f300 && point <= 0x1faff) ||
    point >= 0x20000
  )
}
