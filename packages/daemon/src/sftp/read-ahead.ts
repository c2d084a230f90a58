import type { OpenFile } from '@hatchery/core/runtime'

/** Files up to this length are whole after the first read. */
const AHEAD_BYTES = 64 * 1024
/** Whoever asks later gets what is there by then. */
const FRESH_MS = 500

/**
 * The beginning of a file that was opened to be read, on its way before the client asks for it. Who fetches small files waits
 * for one answer after the other, and this spares two of five ways to the process that works on the files: of what is shorter
 * than a piece, the read and the end behind it are known.
 */
export class ReadAhead {
  readonly #bytes: Promise<Uint8Array | null>
  readonly #now: () => number
  readonly #until: number

  constructor(file: OpenFile, now: () => number) {
    this.#now = now
    this.#until = now() + FRESH_MS
    // A read that is asked for fails in its own way.
    this.#bytes = file.read(0, AHEAD_BYTES).catch(() => null)
  }

  /** @returns null where it has to be read: the file is longer, or too much time has passed */
  async read(offset: number, length: number): Promise<Uint8Array | null> {
    const bytes = await this.#bytes
    if (!bytes || bytes.length === AHEAD_BYTES || this.#now() > this.#until) return null
    return bytes.subarray(offset, offset + length)
  }
}
