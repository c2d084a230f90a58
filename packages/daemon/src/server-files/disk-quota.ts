import { AppError } from '@hatchery/core/errors'
import type { ServerId, Volumes } from '@hatchery/core/runtime'

const MAX_AGE_MS = 60_000
const MIB = 1024 * 1024

export interface DiskQuotaOptions {
  readonly server: ServerId
  readonly volumes: Volumes
  readonly now: () => number
  /** MiB that the server may use in all; 0 is without limit. */
  readonly limitMiB: () => number
  /** Frees space that nobody needs, the trash above all. @returns whether something was freed */
  readonly free: () => Promise<boolean>
}

/**
 * Room that a server has left for what comes through the agent. What is there is counted by a walk at most once a minute, what
 * is added since is added up; the server's own writes are seen by the next count.
 */
export class DiskQuota {
  readonly #options: DiskQuotaOptions
  #usedBytes = 0
  #countedAt = -Infinity
  /** Something was added since the last count began. */
  #isEstimated = false
  #counting: Promise<void> | null = null

  constructor(options: DiskQuotaOptions) {
    this.#options = options
  }

  /**
   * Settles when there is room for so many bytes more.
   * @throws AppError `DISK_FULL`
   */
  async require(bytes: number): Promise<void> {
    const limitMiB = this.#options.limitMiB()
    if (limitMiB === 0) return
    if (this.#options.now() - this.#countedAt > MAX_AGE_MS) await this.#count()
    while (this.#usedBytes + bytes > limitMiB * MIB) {
      // What was written twice was counted twice.
      if (this.#isEstimated) {
        await this.#count()
        continue
      }
      if (!(await this.#options.free())) {
        throw new AppError('DISK_FULL', { reason: `the server may use ${limitMiB} MiB` })
      }
      await this.#count()
    }
  }

  /** Bytes that are left at the moment. @throws AppError `DISK_FULL` when there are none */
  async room(): Promise<number> {
    const limitMiB = this.#options.limitMiB()
    if (limitMiB === 0) return Number.MAX_SAFE_INTEGER
    this.forget()
    await this.require(1)
    return limitMiB * MIB - this.#usedBytes
  }

  /**
   * Counts bytes that are about to be written; those that come at the same moment are counted as well.
   * @throws AppError `DISK_FULL`, and then nothing is counted
   */
  async take(bytes: number): Promise<void> {
    const hasRoom = () => {
      const limitMiB = this.#options.limitMiB()
      return limitMiB === 0 || this.#usedBytes + bytes <= limitMiB * MIB
    }
    // Others may have taken theirs while this one waited.
    do await this.require(bytes)
    while (!hasRoom())
    this.#add(bytes)
  }

  /** What the server may use and what it uses, as far as it is known; null without a limit. */
  async report(): Promise<{ readonly limitBytes: number; readonly usedBytes: number } | null> {
    const limitBytes = this.#options.limitMiB() * MIB
    if (limitBytes === 0) return null
    if (this.#options.now() - this.#countedAt > MAX_AGE_MS) await this.#count()
    return { limitBytes, usedBytes: this.#usedBytes }
  }

  /** Passes a stream on and counts it; it ends with `DISK_FULL` where the room does. */
  async *metered(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const piece of source) {
      await this.require(piece.length)
      this.#add(piece.length)
      yield piece
    }
  }

  /** The next question counts anew: much has changed. */
  forget(): void {
    this.#countedAt = -Infinity
  }

  #add(bytes: number): void {
    this.#usedBytes += bytes
    this.#isEstimated = true
  }

  #count(): Promise<void> {
    this.#counting ??= this.#countNow().finally(() => (this.#counting = null))
    return this.#counting
  }

  async #countNow(): Promise<void> {
    this.#isEstimated = false
    this.#usedBytes = await this.#options.volumes.usage(this.#options.server)
    this.#countedAt = this.#options.now()
  }
}
