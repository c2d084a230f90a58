import { statfs } from 'node:fs/promises'
import type { Logger } from 'pino'
import type { ServerId } from '@hatchery/core/runtime'

const TICK_MS = 1_000
/** A count is at most this old. */
const MAX_AGE_MS = 60_000
/** Counting takes at most this share of the time, however large the trees are. */
const BUSY_SHARE = 0.2
/** The machine keeps this much of its disk, or a twentieth of a small one. */
const RESERVE_BYTES = 2 * 1024 ** 3
const RESERVE_SHARE = 0.05

/** A server as far as its disk is concerned. */
export interface WatchedServer {
  readonly id: ServerId
  readonly isRunning: boolean
  /** 0 without a limit. */
  readonly limitBytes: number
  count(): Promise<number>
  /** Stops it, and says in its console why. */
  stopForDisk(reason: DiskReason): void
}

export type DiskReason =
  | { readonly type: 'limit'; readonly usedBytes: number; readonly limitBytes: number }
  | { readonly type: 'machine-full'; readonly freeBytes: number }

export interface DiskWatchParts {
  readonly servers: () => readonly WatchedServer[]
  /** Bytes of the file system with all volumes. @default statfs of the directory */
  readonly space: () => Promise<{ readonly freeBytes: number; readonly sizeBytes: number }>
  /** Milliseconds of a clock that nobody sets. */
  readonly monoMs: () => number
  readonly log: Logger
}

interface Count {
  readonly bytes: number
  /** Growth since the count before. */
  readonly grownBytes: number
  readonly at: number
  readonly tookMs: number
  /** Of the file system, when it was counted. */
  readonly freeBytes: number
}

/**
 * Stops servers that take more of the disk than they may, where no file system holds them, and whichever grows most when the
 * machine itself runs full: a full disk would cost all the others their worlds.
 *
 * Counting walks every file, and cannot be done all the time. But a server cannot have written what the file system has not
 * lost: it is counted again when as much has become less free as it had left, and once a minute.
 */
export class DiskWatch {
  readonly #parts: DiskWatchParts
  readonly #counts = new Map<ServerId, Count>()
  #timer: NodeJS.Timeout | undefined
  #ticking: Promise<void> = Promise.resolve()
  #restUntil = -Infinity

  constructor(parts: DiskWatchParts) {
    this.#parts = parts
  }

  start(): void {
    this.#timer = setTimeout(() => {
      this.#ticking = this.tick()
        .catch((error: unknown) => this.#parts.log.error({ err: error }, 'the disk could not be looked at'))
        .finally(() => {
          if (this.#timer) this.start()
        })
    }, TICK_MS).unref()
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    await this.#ticking
  }

  /** Looks once. */
  async tick(): Promise<void> {
    const running = this.#parts.servers().filter(({ isRunning }) => isRunning)
    const ids = new Set(running.map(({ id }) => id))
    for (const id of this.#counts.keys()) if (!ids.has(id)) this.#counts.delete(id)
    const { freeBytes, sizeBytes } = await this.#parts.space()
    const isFull = freeBytes < Math.min(RESERVE_BYTES, sizeBytes * RESERVE_SHARE)

    for (const server of running) {
      if (!isFull && !this.#isDue(server, freeBytes)) continue
      const { bytes } = await this.#count(server, freeBytes)
      const { limitBytes } = server
      if (limitBytes > 0 && bytes > limitBytes) {
        server.stopForDisk({ type: 'limit', usedBytes: bytes, limitBytes })
      }
    }
    if (isFull) this.#stopLargest(running, freeBytes)
  }

  #isDue({ id, limitBytes }: WatchedServer, freeBytes: number): boolean {
    const now = this.#parts.monoMs()
    if (now < this.#restUntil) return false
    const last = this.#counts.get(id)
    if (!last || now - last.at >= MAX_AGE_MS) return true
    return limitBytes > 0 && last.freeBytes - freeBytes >= Math.max(0, limitBytes - last.bytes)
  }

  async #count(server: WatchedServer, freeBytes: number): Promise<Count> {
    const began = this.#parts.monoMs()
    const bytes = await server.count()
    const at = this.#parts.monoMs()
    const last = this.#counts.get(server.id)
    const count = { bytes, grownBytes: last ? bytes - last.bytes : 0, at, tookMs: at - began, freeBytes }
    this.#counts.set(server.id, count)
    this.#restUntil = at + count.tookMs * (1 / BUSY_SHARE - 1)
    return count
  }

  #stopLargest(running: readonly WatchedServer[], freeBytes: number): void {
    const grownBy = ({ id }: WatchedServer) => this.#counts.get(id)?.grownBytes ?? 0
    const [most] = running.toSorted((a, b) => grownBy(b) - grownBy(a))
    if (!most || grownBy(most) <= 0) return
    this.#parts.log.error(
      { server: most.id, freeBytes },
      'the disk is nearly full; the server that grows most is stopped',
    )
    most.stopForDisk({ type: 'machine-full', freeBytes })
  }
}

/** For the console of a server that is stopped. */
export function explainDiskStop(reason: DiskReason): string {
  const mebibytes = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MiB`
  if (reason.type === 'machine-full') {
    return `The disk of the machine has only ${mebibytes(reason.freeBytes)} left and this server writes most: it is stopped.`
  }
  const { usedBytes, limitBytes } = reason
  return `The files take ${mebibytes(usedBytes)} of ${mebibytes(limitBytes)}: the server is stopped. Delete some, or ask for more.`
}

/** The file system that a directory lies on. */
export async function spaceOf(directory: string): ReturnType<DiskWatchParts['space']> {
  const { blocks, bavail, bsize } = await statfs(directory)
  return { freeBytes: bavail * bsize, sizeBytes: blocks * bsize }
}
