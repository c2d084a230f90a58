import type { EphemeralEvent } from '@hatchery/core/protocol'
import type { ConsoleLog } from './console-log.ts'
import { compareCursors, type ConsoleCursor } from './cursor.ts'
import type { ConsoleLine } from './line-record.ts'

/** The part of a session that watching needs. */
export interface ConsoleViewer {
  emit(event: EphemeralEvent): void
  isCongested(server: string): boolean
}

const CHUNK_LINES = 500
/** Read from disk at once: a file is decoded from its start, so small pieces would cost more than the lines come in. */
const DISK_LINES = 5_000
const RETRY_MS = 5
/** A viewer that is further behind than this is brought to the newest lines, with a count of what it missed. */
const MAX_BACKLOG_LINES = 50_000
const KEPT_AFTER_SKIP = 500

/**
 * Sends one server's console to the panel, from a cursor on, as fast as the connection takes it. It pulls from the log, so
 * a slow connection holds up neither the log nor the server.
 */
export class ConsoleWatch {
  readonly #server: string
  readonly #log: ConsoleLog
  readonly #viewer: ConsoleViewer
  readonly #stopListening: () => void
  #cursor: ConsoleCursor
  /** Read from disk and not sent yet. */
  #ahead: readonly ConsoleLine[] = []
  /** Left out and not told yet. */
  #skipped = 0
  #isPumping = false
  #isClosed = false
  #retry: NodeJS.Timeout | null = null

  constructor(server: string, log: ConsoleLog, viewer: ConsoleViewer, cursor: ConsoleCursor) {
    this.#server = server
    this.#log = log
    this.#viewer = viewer
    this.#cursor = cursor
    this.#stopListening = log.onStored(() => void this.#pump())
    void this.#pump()
  }

  close(): void {
    this.#isClosed = true
    this.#stopListening()
    if (this.#retry) clearTimeout(this.#retry)
  }

  async #pump(): Promise<void> {
    if (this.#isPumping || this.#isClosed) return
    this.#isPumping = true
    try {
      while (!this.#isClosed) {
        if (this.#viewer.isCongested(this.#server)) {
          this.#retry ??= setTimeout(() => {
            this.#retry = null
            void this.#pump()
          }, RETRY_MS)
          return
        }
        this.#skip()
        const lines = await this.#next()
        const last = lines.at(-1)
        if (!last || this.#isClosed) return
        this.#cursor = { run: last.run, line: last.line }
        const skipped = this.#skipped
        this.#skipped = 0
        this.#viewer.emit({
          name: 'console',
          data: { server: this.#server, lines: [...lines], ...(skipped > 0 ? { skipped } : {}) },
        })
      }
    } finally {
      this.#isPumping = false
    }
  }

  async #next(): Promise<readonly ConsoleLine[]> {
    if (this.#ahead.length === 0) {
      const recent = this.#log.recentAfter(this.#cursor, CHUNK_LINES)
      if (recent) return recent
      this.#ahead = await this.#log.readAfter(this.#cursor, DISK_LINES)
    }
    const lines = this.#ahead.slice(0, CHUNK_LINES)
    this.#ahead = this.#ahead.slice(CHUNK_LINES)
    return lines
  }

  #skip(): void {
    const { run, line } = this.#log.storedHead
    if (run !== this.#cursor.run || line - this.#cursor.line <= MAX_BACKLOG_LINES) return
    this.#skipped += line - this.#cursor.line - KEPT_AFTER_SKIP
    this.#cursor = { run, line: line - KEPT_AFTER_SKIP }
    this.#ahead = []
  }
}

/** Where a new watch begins: after the given cursor, or so that the newest `tail` lines come first. */
export function watchFrom(log: ConsoleLog, after: ConsoleCursor | null, tail: number): ConsoleCursor {
  // A cursor that lies ahead comes from a console that is gone.
  const isKnown = after !== null && compareCursors(after, log.storedHead) <= 0
  return isKnown ? after : log.startOfNewest(tail)
}
