import type { ConsoleLine } from '../api/schemas/servers.ts'
import type { EphemeralEvent } from './methods.ts'
import type { Lane } from './send-scheduler.ts'
import type { Timers } from './timers.ts'
import { MAX_MESSAGE_BYTES, encodeMessage } from './wire.ts'

/** Everything that happens within a tick goes out together. */
export const TICK_MS = 15
/** Lines of one server that wait to be sent; beyond this its own lines are skipped, nobody else's. */
export const MAX_SERVER_BYTES = 256 * 1024
const MAX_TOTAL_BYTES = 8 * 1024 * 1024
const MESSAGE_BYTES = 48 * 1024
const LINE_OVERHEAD = 96

interface PendingConsole {
  readonly server: string
  lines: ConsoleLine[]
  bytes: number
  skipped: number
}

type Pending = PendingConsole | { readonly event: EphemeralEvent }

/**
 * Ephemeral events between two ticks. Console lines of one server are joined; of statistics and progress only the newest is
 * kept. Servers take turns, so that one which floods delays no other.
 */
export class EphemeralQueue implements Lane {
  readonly bufferLimit = 128 * 1024
  readonly #timers: Timers
  readonly #onTick: () => void
  /** Insertion order is the order of turns. */
  readonly #pending = new Map<string, Pending>()
  #bytes = 0
  #cancelTick: (() => void) | undefined
  #isOpen = false

  constructor(timers: Timers, onTick: () => void) {
    this.#timers = timers
    this.#onTick = onTick
  }

  get bytes(): number {
    return this.#bytes
  }

  bytesOf(server: string): number {
    const pending = this.#pending.get(`console ${server}`)
    return pending && 'lines' in pending ? pending.bytes : 0
  }

  offer(event: EphemeralEvent): void {
    if (this.#pending.size === 0) this.#isOpen = false
    if (event.name === 'console') this.#offerConsole(event.data)
    else if (event.name === 'stats') this.#pending.set(`stats ${event.data.server}`, { event })
    else if (event.name === 'files.changed') this.#offerChange(event.data)
    else this.#pending.set(`progress ${event.data.operation} ${event.data.phase}`, { event })
    this.#cancelTick ??= this.#timers.after(TICK_MS, () => {
      this.#cancelTick = undefined
      this.#isOpen = true
      this.#onTick()
    })
  }

  next(): Uint8Array | undefined {
    if (!this.#isOpen) return undefined
    for (const [key, pending] of this.#pending) {
      this.#pending.delete(key)
      if ('event' in pending) {
        const bytes = encodeMessage({ type: 'event', ...pending.event })
        if (bytes.length <= MAX_MESSAGE_BYTES) return bytes
      } else {
        const bytes = this.#takeLines(pending)
        if (pending.lines.length > 0 || pending.skipped > 0) this.#pending.set(key, pending)
        if (bytes) return bytes
      }
    }
    return undefined
  }

  stop(): void {
    this.#cancelTick?.()
    this.#pending.clear()
    this.#bytes = 0
  }

  /** Of a directory that changes twice before anybody is told, the names are left out. */
  #offerChange(data: EphemeralEvent<'files.changed'>['data']): void {
    const key = `files ${data.server} ${data.path}`
    const names = this.#pending.has(key) ? null : data.names
    this.#pending.set(key, { event: { name: 'files.changed', data: { ...data, names } } })
  }

  #offerConsole({
    server,
    lines,
    skipped = 0,
  }: {
    server: string
    lines: readonly ConsoleLine[]
    skipped?: number
  }): void {
    const key = `console ${server}`
    const existing = this.#pending.get(key)
    const pending = existing && 'lines' in existing ? existing : { server, lines: [], bytes: 0, skipped: 0 }
    pending.skipped += skipped
    for (const line of lines) {
      const bytes = sizeOf(line)
      if (pending.bytes + bytes > MAX_SERVER_BYTES || this.#bytes + bytes > MAX_TOTAL_BYTES) {
        pending.skipped++
        continue
      }
      pending.lines.push(line)
      pending.bytes += bytes
      this.#bytes += bytes
    }
    this.#pending.set(key, pending)
  }

  #takeLines(pending: PendingConsole): Uint8Array | undefined {
    let bytes = 0
    let count = 0
    for (const line of pending.lines) {
      const size = sizeOf(line)
      if (count > 0 && bytes + size > MESSAGE_BYTES) break
      bytes += size
      count++
    }
    const lines = pending.lines.slice(0, count)
    pending.lines = pending.lines.slice(count)
    pending.bytes -= bytes
    this.#bytes -= bytes
    const { server, skipped } = pending
    pending.skipped = 0
    return encodeMessage({
      type: 'event',
      name: 'console',
      data: skipped > 0 ? { server, lines, skipped } : { server, lines },
    })
  }
}

function sizeOf(line: ConsoleLine): number {
  return line.text.length + LINE_OVERHEAD
}
