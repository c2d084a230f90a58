import type { EphemeralEvent } from '@hatchery/core/protocol'
import type { ReadySession } from '../nodes/agent-links.ts'
import type { BaseContext } from '../services.ts'
import { takeLease, type Lease } from '../storage/lease.ts'
import { WingsLink } from './wings-link.ts'
import { readWingsNodes } from './wings-row.ts'

/** How long it may take until the panel sees that a Wings has gone or come back. */
const LOOK_MS = 10_000

export interface WingsListeners {
  readonly onEphemeral: (node: number, event: EphemeralEvent) => void
  readonly onStatus: (node: number, isConnected: boolean) => void
  readonly onReady: (ready: ReadySession) => void
}

/** A link for each Wings node, made, changed and ended with its row. */
export class WingsLinks {
  readonly #ctx: BaseContext
  readonly #listeners: WingsListeners
  readonly #links = new Map<number, WingsLink>()
  #refreshing: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | null = null
  #unsubscribe: (() => void) | null = null
  /** Of several instances, one calls the Wings nodes; the others go through it. */
  #lease: Lease | null = null
  #isClosed = false

  constructor(ctx: BaseContext, listeners: WingsListeners) {
    this.#ctx = ctx
    this.#listeners = listeners
  }

  of(node: number): WingsLink | undefined {
    return this.#links.get(node)
  }

  async start(): Promise<void> {
    this.#unsubscribe = this.#ctx.bus.subscribe('nodes', () => this.#inBackground(this.refresh()))
    this.#timer = setInterval(() => this.#inBackground(this.#lookAtAll()), LOOK_MS).unref()
    await this.refresh()
    // What does not answer must not hold up the start.
    this.#inBackground(this.#lookAtAll())
  }

  /** Reads the rows again. */
  refresh(): Promise<void> {
    this.#refreshing = this.#refreshing.catch(() => undefined).then(() => this.#refresh())
    return this.#refreshing
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#unsubscribe?.()
    if (this.#timer) clearInterval(this.#timer)
    await this.#refreshing.catch(() => undefined)
    await Promise.allSettled([...this.#links.values()].map((link) => link.close()))
    await this.#lease?.release()
  }

  async #refresh(): Promise<void> {
    if (this.#isClosed) return
    const nodes = await readWingsNodes(this.#ctx)
    for (const [id, link] of this.#links) {
      if (nodes.some((node) => node.id === id)) continue
      this.#links.delete(id)
      await link.close()
    }
    for (const node of nodes) {
      const link = this.#links.get(node.id)
      if (link) {
        await link.configure(node)
        continue
      }
      const made = new WingsLink(this.#ctx, node, {
        onEphemeral: (event) => this.#listeners.onEphemeral(node.id, event),
        onConnected: (sessionEpoch) => {
          this.#listeners.onReady({ nodeId: node.id, sessionEpoch, isRecovery: false })
          this.#listeners.onStatus(node.id, true)
        },
        onDisconnected: () => this.#listeners.onStatus(node.id, false),
      })
      this.#links.set(node.id, made)
    }
  }

  async #lookAtAll(): Promise<void> {
    if (this.#isClosed || this.#links.size === 0 || !(await this.#isOurs())) return
    await Promise.all([...this.#links.values()].map((link) => link.look()))
  }

  async #isOurs(): Promise<boolean> {
    if (this.#ctx.config.internalAddress === null) return true
    this.#lease ??= await takeLease(this.#ctx.store, 'wings-links', this.#ctx)
    return this.#lease !== null
  }

  #inBackground(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (!this.#isClosed) this.#ctx.log.error({ err: error }, 'the links to Wings nodes failed')
    })
  }
}
