import { isAllowedAdmin } from '../access/authorize.ts'
import type { Principal } from '../access/principal.ts'
import type { Context } from '../context.ts'
import type { StoredEvent } from '../events/event-log.ts'
import { deriveState } from '../servers/derive-state.ts'
import { encodeEvent, encodeResync, type Subscriber } from './subscriber.ts'

type FeedContext = Pick<Context, 'db' | 'bus' | 'events' | 'log'>

const BATCH = 500
/** A client that missed more than this loads its page again. */
const MAX_MISSED = 5_000
const SNAPSHOT_SERVERS = 100

interface State {
  readonly id: number
  readonly uuid: string
  readonly state: string
  readonly revision: number
  readonly summaryRevision: number
}

interface Deleted {
  readonly uuid: string
  /** Uuids of those who had it. */
  readonly users: readonly string[]
}

/**
 * Changes of servers, read from the event log with one cursor for all connections. Everything that touches the cursor happens
 * one after the other, so that a snapshot is never older than an event that was sent before it.
 */
export class ServerFeed {
  readonly #ctx: FeedContext
  /** Of the topic `servers`. */
  readonly #dashboards = new Set<Subscriber>()
  /** Of `server:<id>`, by the server's uuid. */
  readonly #pages = new Map<string, Set<Subscriber>>()
  readonly #stop: readonly (() => void)[]
  #cursor: string | null = null
  #serial: Promise<void> = Promise.resolve()
  #isPumpQueued = false

  constructor(ctx: FeedContext) {
    this.#ctx = ctx
    const wake = () => this.#wake()
    this.#stop = [ctx.bus.subscribe('events', wake), ctx.bus.onReconnect(wake)]
  }

  close(): Promise<void> {
    for (const stop of this.#stop) stop()
    return this.#serial
  }

  /** The topic `servers`. */
  subscribeAll(subscriber: Subscriber, cursor: string | null): () => void {
    this.#enqueue(async () => {
      this.#dashboards.add(subscriber)
      await this.#greet(subscriber, cursor, () => this.#snapshot(subscriber.principal))
    })
    return () => this.#enqueue(async () => void this.#dashboards.delete(subscriber))
  }

  /** The topic `server:<id>`. */
  subscribeOne(uuid: string, subscriber: Subscriber): () => void {
    this.#enqueue(async () => {
      const pages = this.#pages.get(uuid) ?? new Set()
      this.#pages.set(uuid, pages.add(subscriber))
      this.#cursor ??= await this.#ctx.events.head()
      const [state] = await this.#statesOf({ uuids: [uuid] })
      if (state) subscriber.send(encodeEvent(subscriber.topic, pageEvent(state), this.#cursor))
    })
    return () =>
      this.#enqueue(async () => {
        const pages = this.#pages.get(uuid)
        pages?.delete(subscriber)
        if (pages?.size === 0) this.#pages.delete(uuid)
      })
  }

  /** A node came or went: what the open pages of its servers show has changed, though no event of theirs says so. */
  onNodeChanged(nodeId: number): void {
    if (this.#pages.size === 0) return
    this.#enqueue(async () => {
      const states = await this.#statesOf({ uuids: [...this.#pages.keys()], nodeId })
      for (const state of states) {
        for (const page of this.#pages.get(state.uuid) ?? []) page.send(encodeEvent(page.topic, pageEvent(state)))
      }
    })
  }

  #wake(): void {
    if (this.#isPumpQueued) return
    this.#isPumpQueued = true
    this.#enqueue(async () => {
      this.#isPumpQueued = false
      await this.#pump()
    })
  }

  #enqueue(task: () => Promise<void>): void {
    this.#serial = this.#serial.then(task).catch((error: unknown) => {
      this.#ctx.log.error({ err: error }, 'the live feed of servers failed')
    })
  }

  async #pump(): Promise<void> {
    if (this.#dashboards.size === 0 && this.#pages.size === 0) {
      // Nobody listens: the next one starts at the head.
      this.#cursor = null
      return
    }
    this.#cursor ??= await this.#ctx.events.head()
    for (;;) {
      const read = await this.#ctx.events.read(this.#cursor, BATCH)
      if (read === 'resync') {
        this.#cursor = await this.#ctx.events.head()
        for (const subscriber of this.#everybody()) subscriber.send(encodeResync(subscriber.topic))
        return
      }
      this.#cursor = read.cursor
      await this.#publish(read.events, read.cursor)
      if (read.events.length < BATCH) return
    }
  }

  *#everybody(): Iterable<Subscriber> {
    yield* this.#dashboards
    for (const pages of this.#pages.values()) yield* pages
  }

  async #publish(events: readonly StoredEvent[], cursor: string): Promise<void> {
    const ids = serverIdsOf(events)
    const deleted = deletedOf(events)
    if (ids.length === 0 && deleted.length === 0) return
    const states = await this.#statesOf({ ids })
    for (const state of states) {
      for (const page of this.#pages.get(state.uuid) ?? []) {
        page.send(encodeEvent(page.topic, pageEvent(state), cursor))
      }
    }
    for (const { uuid } of deleted) {
      for (const page of this.#pages.get(uuid) ?? []) page.send(encodeEvent(page.topic, deletedEvent(uuid), cursor))
    }
    if (this.#dashboards.size === 0) return
    const access = await this.#accessOf(ids)
    for (const dashboard of this.#dashboards) {
      const visible = states.filter((state) => isVisible(dashboard.principal, access.get(state.id)))
      const gone = deleted.filter(({ users }) => hadIt(dashboard.principal, users))
      sendAll(dashboard, [...visible.map(listEvent), ...gone.map(({ uuid }) => deletedEvent(uuid))], cursor)
    }
  }

  /** What a subscriber gets first: what it missed since its cursor, or the newest. */
  async #greet(
    subscriber: Subscriber,
    cursor: string | null,
    snapshot: () => Promise<readonly State[]>,
  ): Promise<void> {
    this.#cursor ??= await this.#ctx.events.head()
    const missed = cursor === null ? null : await this.#missedSince(cursor)
    if (cursor !== null && missed === null) subscriber.send(encodeResync(subscriber.topic))
    if (missed === null) {
      sendAll(subscriber, (await snapshot()).map(listEvent), this.#cursor)
      return
    }
    const ids = serverIdsOf(missed)
    const access = await this.#accessOf(ids)
    const states = (await this.#statesOf({ ids })).filter((state) =>
      isVisible(subscriber.principal, access.get(state.id)),
    )
    const gone = deletedOf(missed).filter(({ users }) => hadIt(subscriber.principal, users))
    sendAll(subscriber, [...states.map(listEvent), ...gone.map(({ uuid }) => deletedEvent(uuid))], this.#cursor)
  }

  /** Null when that is too much, or of another log. */
  async #missedSince(cursor: string): Promise<readonly StoredEvent[] | null> {
    const missed: StoredEvent[] = []
    for (let place = cursor; missed.length < MAX_MISSED;) {
      const read = await this.#ctx.events.read(place, BATCH)
      if (read === 'resync') return null
      missed.push(...read.events)
      if (read.events.length < BATCH) return missed
      place = read.cursor
    }
    return null
  }

  async #snapshot(principal: Principal): Promise<readonly State[]> {
    if (!('userId' in principal)) return []
    let select = this.#ctx.db.selectFrom('servers').select('servers.id').orderBy('servers.id', 'desc')
    if (!seesAll(principal)) {
      select = select
        .innerJoin('server_access', 'server_access.server_id', 'servers.id')
        .where('server_access.user_id', '=', principal.userId)
    }
    const rows = await select.limit(SNAPSHOT_SERVERS).execute()
    return this.#statesOf({ ids: rows.map(({ id }) => id) })
  }

  async #statesOf(which: {
    readonly ids?: readonly number[]
    readonly uuids?: readonly string[]
    readonly nodeId?: number
  }): Promise<readonly State[]> {
    if (which.ids?.length === 0 || which.uuids?.length === 0) return []
    let select = this.#ctx.db
      .selectFrom('servers')
      .select(['id', 'uuid', 'process_state', 'install_state', 'revision', 'summary_revision'])
      .select((eb) =>
        eb
          .selectFrom('server_holds')
          .whereRef('server_holds.server_id', '=', 'servers.id')
          .select(({ fn }) => fn.countAll<number>().as('n'))
          .as('holds'),
      )
    if (which.ids) select = select.where('id', 'in', which.ids)
    if (which.uuids) select = select.where('uuid', 'in', which.uuids)
    if (which.nodeId !== undefined) select = select.where('node_id', '=', which.nodeId)
    const rows = await select.execute()
    return rows.map((row) => ({
      id: row.id,
      uuid: row.uuid,
      state: deriveState(row, Number(row.holds ?? 0)),
      revision: row.revision,
      summaryRevision: row.summary_revision,
    }))
  }

  async #accessOf(ids: readonly number[]): Promise<ReadonlyMap<number, ReadonlySet<number>>> {
    const access = new Map<number, Set<number>>()
    if (ids.length === 0) return access
    const rows = await this.#ctx.db
      .selectFrom('server_access')
      .select(['server_id', 'user_id'])
      .where('server_id', 'in', ids)
      .execute()
    for (const { server_id, user_id } of rows) {
      const users = access.get(server_id) ?? new Set()
      access.set(server_id, users.add(user_id))
    }
    return access
  }
}

/** A page is loaded again for every visible change, the node's included. */
const pageEvent = ({ uuid, state, summaryRevision }: State) => ({ server: uuid, state, revision: summaryRevision })
/** A list shows the state itself, and is loaded again for what people change. */
const listEvent = ({ uuid, state, revision }: State) => ({ server: uuid, state, revision })
const deletedEvent = (uuid: string) => ({ server: uuid, state: 'offline', revision: 0, deleted: true })

/** Only the last message carries the cursor: who is cut off in between gets all of them again. */
function sendAll(subscriber: Subscriber, events: readonly unknown[], cursor: string): void {
  for (const [index, event] of events.entries()) {
    const isLast = index === events.length - 1
    subscriber.send(encodeEvent(subscriber.topic, event, isLast ? cursor : undefined))
  }
}

function serverIdsOf(events: readonly StoredEvent[]): readonly number[] {
  return [...new Set(events.flatMap(({ serverId }) => (serverId === null ? [] : [serverId])))]
}

function deletedOf(events: readonly StoredEvent[]): readonly Deleted[] {
  return events.flatMap(({ type, data }) => {
    if (type !== 'server:deleted' || typeof data['server'] !== 'string') return []
    return [{ uuid: data['server'], users: Array.isArray(data['users']) ? (data['users'] as string[]) : [] }]
  })
}

const seesAll = (principal: Principal): boolean => isAllowedAdmin(principal, 'servers.read')

function isVisible(principal: Principal, users: ReadonlySet<number> | undefined): boolean {
  return seesAll(principal) || ('userId' in principal && users?.has(principal.userId) === true)
}

function hadIt(principal: Principal, users: readonly string[]): boolean {
  return seesAll(principal) || ('userUuid' in principal && users.includes(principal.userUuid))
}
