import type { Context } from '../context.ts'
import { nodeStatus } from '../nodes/node-view.ts'
import { Encodings, type Subscriber } from './subscriber.ts'

const FLUSH_MS = 50
const SNAPSHOT_NODES = 200

type FeedContext = Pick<Context, 'db' | 'bus' | 'log'>

/** Nodes that come, go or change. */
export class NodeFeed {
  readonly #ctx: FeedContext
  readonly #subscribers = new Set<Subscriber>()
  readonly #changed = new Map<number, string | undefined>()
  readonly #onNode: (nodeId: number) => void
  readonly #stop: readonly (() => void)[]
  #timer: NodeJS.Timeout | null = null

  constructor(ctx: FeedContext, onNode: (nodeId: number) => void) {
    this.#ctx = ctx
    this.#onNode = onNode
    this.#stop = [
      ctx.bus.subscribe('nodes', (hint) => {
        if (typeof hint !== 'object' || hint === null || !('id' in hint)) return
        this.#onChanged(Number(hint.id), 'uuid' in hint ? String(hint.uuid) : undefined)
      }),
      // Hints were missed: everybody gets everything again.
      ctx.bus.onReconnect(() => this.#guard(this.#send([...this.#subscribers], null))),
    ]
  }

  close(): void {
    for (const stop of this.#stop) stop()
    if (this.#timer) clearTimeout(this.#timer)
    this.#subscribers.clear()
  }

  subscribe(subscriber: Subscriber): () => void {
    this.#subscribers.add(subscriber)
    this.#guard(this.#send([subscriber], null))
    return () => void this.#subscribers.delete(subscriber)
  }

  #onChanged(id: number, uuid: string | undefined): void {
    this.#changed.set(id, uuid ?? this.#changed.get(id))
    this.#timer ??= setTimeout(() => {
      this.#timer = null
      const changed = new Map(this.#changed)
      this.#changed.clear()
      for (const node of changed.keys()) this.#onNode(node)
      this.#guard(this.#send([...this.#subscribers], changed))
    }, FLUSH_MS).unref()
  }

  async #send(
    subscribers: readonly Subscriber[],
    which: ReadonlyMap<number, string | undefined> | null,
  ): Promise<void> {
    if (subscribers.length === 0) return
    let select = this.#ctx.db
      .selectFrom('nodes')
      .select(['id', 'uuid', 'is_locked', 'is_recovery', 'instance', 'host', 'revision'])
      .orderBy('id')
      .limit(SNAPSHOT_NODES)
    if (which) select = select.where('id', 'in', [...which.keys()])
    const rows = await select.execute()
    for (const row of rows) {
      this.#tell(subscribers, { node: row.uuid, status: nodeStatus(row), revision: row.revision })
    }
    for (const [id, uuid] of which ?? []) {
      if (uuid === undefined || rows.some((row) => row.id === id)) continue
      this.#tell(subscribers, { node: uuid, status: 'deleted', revision: 0 })
    }
  }

  #tell(subscribers: readonly Subscriber[], event: unknown): void {
    const encodings = new Encodings(event)
    for (const subscriber of subscribers) subscriber.send(encodings.of(subscriber.topic))
  }

  #guard(work: Promise<void>): void {
    work.catch((error: unknown) => this.#ctx.log.error({ err: error }, 'the live feed of nodes failed'))
  }
}
