import type { Logger } from 'pino'
import type { Bus } from '../bus/bus.ts'
import type { EventLog } from '../events/event-log.ts'
import { databaseTime } from '../storage/database-time.ts'
import { takeLease, type Lease } from '../storage/lease.ts'
import type { Store } from '../storage/store.ts'

const POLL_MS = 1_000
const LEASE_MS = 8_000
const LEASE_PREFIX = 'instance:'

/** Where the connection of a node is, as far as the database says. */
export interface NodePlace {
  readonly instance: string
  readonly address: string
  readonly epoch: number
}

export interface DirectoryParts {
  readonly store: Store
  readonly bus: Bus
  readonly events: EventLog
  readonly log: Logger
  readonly now: () => number
  readonly self: { readonly instance: string; readonly address: string }
  /** Epochs of the connections that this instance holds. */
  readonly held: () => ReadonlyMap<number, number>
  /** Another connection of a node is newer than the one held here. */
  readonly onNewerEpoch: (node: number) => void
  readonly onChange: () => void
}

/**
 * Which instance holds which node: rows of the database, read each second and after each hint (RULES 8 and 13). An instance is
 * alive while it renews its lease; the nodes of one that does not are written down as disconnected.
 */
export class InstanceDirectory {
  readonly #parts: DirectoryParts
  readonly #stop: readonly (() => void)[]
  #places: ReadonlyMap<number, NodePlace> = new Map()
  #lease: Lease | null = null
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | null = null
  #next: Promise<void> | null = null
  #isHinted = false
  #isClosed = false

  constructor(parts: DirectoryParts) {
    this.#parts = parts
    const look = () => this.hint()
    this.#stop = [parts.bus.subscribe('nodes', look), parts.bus.onReconnect(look)]
  }

  async start(): Promise<void> {
    const { store, now, log, self } = this.#parts
    this.#lease = await takeLease(store, LEASE_PREFIX + self.instance, { now, log, lifetimeMs: LEASE_MS })
    await this.refresh()
    this.#timer = setInterval(() => this.#inBackground(), POLL_MS)
    this.#timer.unref()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
    for (const stop of this.#stop) stop()
    await this.#running
    await this.#lease?.release()
  }

  /** Null while no living instance holds the node. */
  placeOf(node: number): NodePlace | null {
    return this.#places.get(node) ?? null
  }

  places(): Iterable<readonly [number, NodePlace]> {
    return this.#places
  }

  /** Something was said to have changed. */
  hint(): void {
    this.#isHinted = true
    this.#inBackground()
  }

  /** Settles when the rows have been read after this call. */
  refresh(): Promise<void> {
    if (!this.#running) return this.#run()
    this.#next ??= this.#running
      .catch(() => {
        // Whoever asked for that reading was told; this one is a new try.
      })
      .then(() => {
        this.#next = null
        return this.#run()
      })
    return this.#next
  }

  #inBackground(): void {
    if (this.#isClosed) return
    this.refresh().catch((error: unknown) => {
      if (!this.#isClosed) this.#parts.log.warn({ err: error }, 'the places of nodes could not be read; trying again')
    })
  }

  #run(): Promise<void> {
    this.#running = this.#read().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  async #read(): Promise<void> {
    const { store, held, self, onNewerEpoch, onChange } = this.#parts
    const isHinted = this.#isHinted
    this.#isHinted = false
    const alive = await this.#aliveInstances()
    const mine = [...held().keys()]
    const rows = await store.db
      .selectFrom('nodes')
      .select(['id', 'session_epoch', 'instance', 'instance_address'])
      .where((eb) =>
        mine.length === 0
          ? eb('instance', 'is not', null)
          : eb.or([eb('instance', 'is not', null), eb('id', 'in', mine)]),
      )
      .execute()
    const places = new Map<number, NodePlace>()
    for (const { id, session_epoch: epoch, instance, instance_address: address } of rows) {
      const own = held().get(id)
      if (own !== undefined && own < epoch) onNewerEpoch(id)
      if (own === epoch && instance !== self.instance) await this.#reclaim(id, epoch)
      else if (instance !== null && !alive.has(instance)) await this.#release(id, instance)
      else if (instance !== null && address !== null) places.set(id, { instance, address, epoch })
    }
    const before = this.#places
    this.#places = places
    // Whoever shows nodes waits for a hint; when it was lost, this is the one.
    if (!isHinted) for (const id of changedNodes(before, places)) this.#parts.bus.publish('nodes', { id })
    onChange()
  }

  async #aliveInstances(): Promise<ReadonlySet<string>> {
    const { store, now, self } = this.#parts
    const at = await databaseTime(store.db, store.dialect, now)
    const rows = await store.db
      .selectFrom('leases')
      .select('name')
      .where('name', 'like', `${LEASE_PREFIX}%`)
      .where('expires_at', '>', at)
      .execute()
    return new Set([self.instance, ...rows.map(({ name }) => name.slice(LEASE_PREFIX.length))])
  }

  /** The instance that held the node is gone, and with it the node's connection. */
  async #release(id: number, instance: string): Promise<void> {
    const { store, now, events, bus } = this.#parts
    await store.transaction(async (trx, afterCommit) => {
      const at = await databaseTime(trx, store.dialect, now)
      const lease = await trx
        .selectFrom('leases')
        .select('expires_at')
        .where('name', '=', LEASE_PREFIX + instance)
        .executeTakeFirst()
      if (lease && lease.expires_at > at) return
      const { numUpdatedRows } = await trx
        .updateTable('nodes')
        .set((eb) => ({ instance: null, instance_address: null, revision: eb('revision', '+', 1) }))
        .where('id', '=', id)
        .where('instance', '=', instance)
        .executeTakeFirst()
      if (numUpdatedRows === 0n) return
      const reason = 'the instance that held its connection is gone'
      await events.append(trx, { type: 'node:disconnected', nodeId: id, data: { reason } })
      afterCommit(() => bus.publish('nodes', { id }))
    })
  }

  /** Others took this instance for dead, but it lives and holds the newest connection. */
  async #reclaim(id: number, epoch: number): Promise<void> {
    const { store, self, events, bus } = this.#parts
    await store.transaction(async (trx, afterCommit) => {
      const { numUpdatedRows } = await trx
        .updateTable('nodes')
        .set((eb) => ({
          instance: self.instance,
          instance_address: self.address,
          revision: eb('revision', '+', 1),
        }))
        .where('id', '=', id)
        .where('session_epoch', '=', epoch)
        .executeTakeFirst()
      if (numUpdatedRows === 0n) return
      await events.append(trx, { type: 'node:connected', nodeId: id, data: { sessionEpoch: epoch } })
      afterCommit(() => bus.publish('nodes', { id }))
    })
  }

  /** Leases of instances that ended long ago. */
  async forgetDead(): Promise<void> {
    const { store, now } = this.#parts
    const at = await databaseTime(store.db, store.dialect, now)
    await store.transaction(async (trx) => {
      await trx
        .deleteFrom('leases')
        .where('name', 'like', `${LEASE_PREFIX}%`)
        .where('expires_at', '<', at - 3_600_000)
        .execute()
    })
  }
}

function changedNodes(before: ReadonlyMap<number, NodePlace>, after: ReadonlyMap<number, NodePlace>): Iterable<number> {
  const all = new Set([...before.keys(), ...after.keys()])
  return [...all].filter((id) => {
    const [a, b] = [before.get(id), after.get(id)]
    return a?.instance !== b?.instance || a?.epoch !== b?.epoch
  })
}
