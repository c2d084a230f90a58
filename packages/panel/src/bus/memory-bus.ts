import type { Logger } from 'pino'
import type { Bus, BusTopic } from './bus.ts'

type Listener = (message: unknown) => void

/** Delivers inside one process, in order, before `publish` returns to its caller's next turn. */
export class MemoryBus implements Bus {
  readonly #listeners = new Map<BusTopic, Set<Listener>>()
  readonly #log: Logger

  constructor(log: Logger) {
    this.#log = log
  }

  publish(topic: BusTopic, message: unknown): void {
    this.deliver(topic, message)
  }

  deliver(topic: BusTopic, message: unknown): void {
    for (const listener of this.#listeners.get(topic) ?? []) {
      try {
        listener(message)
      } catch (error) {
        // One reader's bug is not another reader's loss.
        this.#log.error({ err: error, topic }, 'a bus listener failed')
      }
    }
  }

  subscribe(topic: BusTopic, listener: Listener): () => void {
    const listeners = this.#listeners.get(topic) ?? new Set()
    this.#listeners.set(topic, listeners.add(listener))
    return () => listeners.delete(listener)
  }

  onReconnect(): () => void {
    return () => undefined
  }

  async close(): Promise<void> {
    this.#listeners.clear()
  }
}
