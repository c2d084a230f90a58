import type { EphemeralEvent } from '@hatchery/core/protocol'
import type { InstanceFrame } from './frames.ts'

/** More than this waiting to leave, and lines are counted instead of sent. */
const MAX_WAITING_BYTES = 1024 * 1024

/** The end of a stream to another instance. A slow one is told how much it was spared and slows nobody. */
export class EventOutlet {
  readonly id: string
  readonly #write: (frame: InstanceFrame) => void
  readonly #waitingBytes: () => number
  readonly #skipped = new Map<string, number>()

  constructor(id: string, write: (frame: InstanceFrame) => void, waitingBytes: () => number) {
    this.id = id
    this.#write = write
    this.#waitingBytes = waitingBytes
  }

  send(node: number, event: EphemeralEvent): void {
    if (event.name !== 'console') {
      // The next reading makes up for this one; how a job ends is a durable event.
      if (this.#isFull) return
      return this.#write({ type: 'event', node, event })
    }
    const { server, lines, skipped = 0 } = event.data
    const before = this.#skipped.get(server) ?? 0
    if (this.#isFull) return void this.#skipped.set(server, before + skipped + lines.length)
    this.#skipped.delete(server)
    const total = before + skipped
    const data = total === 0 ? { server, lines } : { server, lines, skipped: total }
    this.#write({ type: 'event', node, event: { name: 'console', data } })
  }

  /** A node came or went here. */
  hintNodes(): void {
    if (!this.#isFull) this.#write({ type: 'nodes' })
  }

  get #isFull(): boolean {
    return this.#waitingBytes() > MAX_WAITING_BYTES
  }
}
