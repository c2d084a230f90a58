import { execFile } from 'node:child_process'
import { watch } from 'node:fs'
import { appendFile, open, readFile, rename, writeFile, type FileHandle } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { OutputChunk } from '@hatchery/core/runtime'
import { MAX_LINE_BYTES, lineText } from '../docker/log-parser.ts'

/** Bytes that were read together; line `k` of them has the timestamp `baseNs + k`. */
interface Batch {
  readonly offset: number
  readonly length: number
  readonly count: number
  readonly baseNs: bigint
}

const MAX_BATCH_BYTES = 256 * 1024
/** What is kept of a run: its last output. */
const KEPT_BYTES = 64 * 1024 * 1024
const KEPT_BATCHES = 100_000
/** A reader that has not come this far yet is waited for, up to this many times what is kept. */
const PATIENCE = 4
/** Changes are announced by the kernel; this is for what it may miss. */
const LOOK_AGAIN_MS = 500
const NEWLINE = 10

/**
 * The output of one run in a file that the game itself appends to, so that an agent that is away loses nothing.
 * Lines get their time when they are first read; an index beside the file keeps it, so that they have the same one for ever.
 */
export class OutputFile {
  readonly #path: string
  readonly #indexPath: string
  readonly #batches: Batch[] = []
  #file: FileHandle | undefined
  #turn: Promise<unknown> = Promise.resolve()
  /** Number of the first batch that is kept; those before it are gone. */
  #first = 0
  readonly #readers = new Set<{ next: number }>()
  readonly #keptBytes: number

  /** @param keptBytes how much of the last output is kept, about */
  constructor(path: string, keptBytes: number = KEPT_BYTES) {
    this.#keptBytes = keptBytes
    this.#path = path
    this.#indexPath = `${path}.index`
  }

  /** Lines from `sinceNs` on; ends when `isOver` answers true and all is read, or `signal` fires. */
  async *follow(
    sinceNs: string | null,
    isOver: () => Promise<boolean>,
    signal?: AbortSignal,
  ): AsyncGenerator<OutputChunk> {
    const since = BigInt(sinceNs ?? 0)
    using changes = new FileChanges(this.#path, signal)
    const reader = { next: 0 }
    this.#readers.add(reader)
    try {
      while (!signal?.aborted) {
        // Asked before the reading: what was written before the end is then read.
        const over = await isOver()
        await this.#exclusive(() => this.#stamp(over))
        const isAtEnd = reader.next === this.#first + this.#batches.length
        for (; reader.next < this.#first + this.#batches.length; reader.next++) {
          reader.next = Math.max(reader.next, this.#first)
          const batch = this.#batches[reader.next - this.#first]!
          if (batch.baseNs + BigInt(batch.count) <= since) continue
          for (const line of await this.#lines(batch)) {
            if (BigInt(line.atNs) >= since) yield line
            if (signal?.aborted) return
          }
        }
        if (isAtEnd && over) return
        if (isAtEnd) await changes.next()
      }
    } finally {
      this.#readers.delete(reader)
    }
  }

  async close(): Promise<void> {
    await this.#exclusive(async () => {
      await this.#file?.close()
      this.#file = undefined
    })
  }

  /** Gives all complete lines that have no time yet the present one, and the last incomplete one too when the run is over. */
  async #stamp(isOver: boolean): Promise<void> {
    const file = await this.#opened()
    for (;;) {
      const last = this.#batches.at(-1)
      const offset = last ? last.offset + last.length : 0
      const bytes = await readAt(file, offset, MAX_BATCH_BYTES)
      const newline = bytes.lastIndexOf(NEWLINE)
      const isWhole = newline === -1 && (bytes.length > MAX_LINE_BYTES || isOver)
      const length = newline !== -1 ? newline + 1 : isWhole ? Math.min(bytes.length, MAX_LINE_BYTES) : 0
      if (length === 0) return this.#forgetOld()
      const now = BigInt(Date.now()) * 1_000_000n
      const after = last ? last.baseNs + BigInt(last.count) : 0n
      const count = splitLines(bytes.subarray(0, length)).length
      const batch = { offset, length, count, baseNs: now > after ? now : after }
      await appendFile(this.#indexPath, indexLine(batch), { mode: 0o600 })
      this.#batches.push(batch)
    }
  }

  /**
   * Gives the room of old output back. The game goes on appending to the same file, so it cannot be moved or cut off: its
   * beginning becomes a hole, and every line keeps its place. Where a file system knows no holes the file just grows.
   */
  async #forgetOld(): Promise<void> {
    const last = this.#batches.at(-1)
    const end = last ? last.offset + last.length : 0
    const size = () =>
      Math.max((end - (this.#batches[0]?.offset ?? end)) / this.#keptBytes, this.#batches.length / KEPT_BATCHES)
    if (size() <= 1) return
    const slowest = Math.min(...[...this.#readers].map(({ next }) => next))
    let dropped = 0
    const bytes = (count: number) => end - (this.#batches[count]?.offset ?? end)
    const isLarge = (count: number) =>
      bytes(count) > this.#keptBytes / 2 || this.#batches.length - count > KEPT_BATCHES / 2
    const isTooLarge = (count: number) => bytes(count) > this.#keptBytes * PATIENCE
    while (isLarge(dropped) && (this.#first + dropped < slowest || isTooLarge(dropped))) dropped++
    if (dropped === 0) return
    this.#batches.splice(0, dropped)
    this.#first += dropped
    const index = this.#batches.map(indexLine).join('')
    await writeFile(`${this.#indexPath}.new`, index, { mode: 0o600 })
    await rename(`${this.#indexPath}.new`, this.#indexPath)
    const hole = ['--punch-hole', '--offset', '0', '--length', String(this.#batches[0]?.offset ?? end), this.#path]
    await promisify(execFile)('fallocate', hole).catch(() => undefined) // no holes here: the file just grows
  }

  async #opened(): Promise<FileHandle> {
    if (this.#file) return this.#file
    const index = await readFile(this.#indexPath, 'utf8').catch(() => '') // nothing was read of this run so far
    for (const line of index.split('\n').slice(0, -1)) {
      const [offset, length, count, baseNs] = line.split(' ')
      this.#batches.push({
        offset: Number(offset),
        length: Number(length),
        count: Number(count),
        baseNs: BigInt(baseNs ?? 0),
      })
    }
    return (this.#file = await open(this.#path, 'r'))
  }

  async #lines(batch: Batch): Promise<OutputChunk[]> {
    const bytes = await this.#exclusive(async () => {
      const file = await this.#opened()
      // Forgotten while a reader that is far behind was on its way to it.
      return batch.offset < (this.#batches[0]?.offset ?? 0) ? null : readAt(file, batch.offset, batch.length)
    })
    if (bytes === null) return []
    return splitLines(bytes).map((line, index) => {
      const atNs = batch.baseNs + BigInt(index)
      return { at: Number(atNs / 1_000_000n), atNs: String(atNs), text: lineText(line) }
    })
  }

  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#turn.then(work)
    this.#turn = next.catch(() => undefined) // the caller has the error; the next one only waits
    return next
  }
}

const indexLine = (batch: Batch) => `${batch.offset} ${batch.length} ${batch.count} ${batch.baseNs}\n`

/** Wakes up when a file changes. */
class FileChanges implements Disposable {
  #wake: (() => void) | undefined
  #hasChanged = false
  readonly #watcher
  readonly #signal: AbortSignal | undefined

  constructor(path: string, signal: AbortSignal | undefined) {
    const changed = () => {
      this.#hasChanged = true
      this.#wake?.()
    }
    this.#signal = signal
    this.#watcher = watch(path, changed)
    this.#watcher.on('error', changed)
    signal?.addEventListener('abort', changed)
    this.#changed = changed
  }

  readonly #changed: () => void

  async next(): Promise<void> {
    if (!this.#hasChanged && !this.#signal?.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, LOOK_AGAIN_MS)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    this.#wake = undefined
    this.#hasChanged = false
  }

  [Symbol.dispose](): void {
    this.#watcher.close()
    this.#signal?.removeEventListener('abort', this.#changed)
  }
}

function splitLines(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = []
  let start = 0
  for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
    lines.push(bytes.subarray(start, end))
    start = end + 1
  }
  if (start < bytes.length) lines.push(bytes.subarray(start))
  return lines
}

async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length)
  const { bytesRead } = await file.read(buffer, 0, length, offset)
  return buffer.subarray(0, bytesRead)
}
