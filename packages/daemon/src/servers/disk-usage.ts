import type { ServerId, Volumes } from '@hatchery/core/runtime'

const MAX_AGE_MS = 60_000

/** Disk use of a server. Counting walks the whole tree, so it happens at most once a minute and nobody waits for it. */
export class DiskUsage {
  readonly #volumes: Volumes
  readonly #server: ServerId
  readonly #now: () => number
  #bytes = 0
  #countedAt = -Infinity
  #counting: Promise<void> | null = null

  constructor(volumes: Volumes, server: ServerId, now: () => number) {
    this.#volumes = volumes
    this.#server = server
    this.#now = now
  }

  /** The last count; null before the first one has ended. */
  get counted(): number | null {
    return this.#countedAt === -Infinity ? null : this.#bytes
  }

  /** The last count; a new one begins when it is too old. */
  read(onError: (error: unknown) => void, maxAgeMs: number = MAX_AGE_MS): number {
    if (!this.#counting && this.#now() - this.#countedAt >= maxAgeMs) this.#counting = this.#count(onError)
    return this.#bytes
  }

  async #count(onError: (error: unknown) => void): Promise<void> {
    try {
      this.#bytes = await this.#volumes.usage(this.#server)
    } catch (error) {
      onError(error)
    } finally {
      this.#countedAt = this.#now()
      this.#counting = null
    }
  }
}
