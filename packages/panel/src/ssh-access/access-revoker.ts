import { AppError } from '@hatchery/core/errors'
import type { Context } from '../context.ts'
import type { Revocation } from '../access/revocations.ts'
import type { AgentLinks, ReadySession } from '../nodes/agent-links.ts'

/** A node that was away longer has ended what it had open long before (RULES 16). */
const CATCH_UP_MS = 24 * 3_600_000
/** A change is looked for among the rows that rose this recently. */
const FRESH_MS = 10 * 60_000
/** Forgetting costs a repetition, nothing else. */
const MOST_REMEMBERED = 10_000
const ATTEMPTS = 4
const DEADLINE_MS = 5_000
/** Answers of nodes that have no SSH: there is nothing to end. */
const NOTHING_THERE: ReadonlySet<string> = new Set(['METHOD_UNKNOWN', 'NODE_UNSUPPORTED'])

interface Floor {
  readonly user_uuid: string
  readonly server_uuid: string | null
  readonly min_revision: number
  /** The node of the server; null where all nodes are meant. */
  readonly node_id: number | null
}

/** What one connection of a node has been told, or is being told. */
interface Told {
  readonly epoch: number
  readonly floors: Map<string, { readonly minRevision: number; readonly sent: Promise<void> }>
}

type RevokerContext = Pick<Context, 'db' | 'now' | 'log' | 'revocations' | 'config'>

/**
 * Tells the nodes that are connected to this instance which sessions have become outdated. The rows are the truth: each instance
 * hears of every revocation, tells its own nodes, and tells a node that connects everything it may have missed. A node that
 * does not take it loses its connection, upon which it ends all sessions by itself.
 */
export class AccessRevoker {
  readonly #ctx: RevokerContext
  readonly #links: AgentLinks
  readonly #told = new Map<number, Told>()
  readonly #work = new Set<Promise<void>>()
  readonly #stops: readonly (() => void)[]
  #isClosed = false

  constructor(ctx: RevokerContext, links: AgentLinks) {
    this.#ctx = ctx
    this.#links = links
    this.#stops = [
      ctx.revocations.onRevocation((revocation) => this.#begin(() => this.#onRevocation(revocation))),
      links.onReady((session) => this.#begin(() => this.#onReady(session))),
    ]
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const stop of this.#stops) stop()
    await Promise.all(this.#work)
  }

  #begin(work: () => Promise<void>): void {
    if (this.#isClosed) return
    const running = work()
      .catch((error: unknown) => {
        if (!this.#isClosed) this.#ctx.log.error({ err: error }, 'nodes could not be told of what was revoked')
      })
      .finally(() => this.#work.delete(running))
    this.#work.add(running)
  }

  async #onRevocation({ kind, subject }: Revocation): Promise<void> {
    if (kind !== 'user' && kind !== 'server') return
    const floors = await this.#floors()
      .where(kind === 'user' ? 'access_floors.user_uuid' : 'access_floors.server_uuid', '=', subject)
      .where('access_floors.at', '>', this.#ctx.now() - FRESH_MS)
      .execute()
    if (floors.length === 0) return
    const here = await this.#nodesHere()
    await Promise.all(here.map((node) => this.#tell(node, floors)))
  }

  async #onReady({ nodeId }: ReadySession): Promise<void> {
    if (!this.#links.holds(nodeId)) return
    const floors = await this.#floors()
      .where('access_floors.at', '>', this.#ctx.now() - CATCH_UP_MS)
      .where((where) =>
        where.or([where('servers.node_id', '=', nodeId), where('access_floors.server_uuid', 'is', null)]),
      )
      .execute()
    await this.#tell(nodeId, floors)
  }

  #floors() {
    return this.#ctx.db
      .selectFrom('access_floors')
      .leftJoin('servers', 'servers.uuid', 'access_floors.server_uuid')
      .select([
        'access_floors.user_uuid',
        'access_floors.server_uuid',
        'access_floors.min_revision',
        'servers.node_id as node_id',
      ])
      .orderBy('access_floors.id')
  }

  async #nodesHere(): Promise<readonly number[]> {
    const rows = await this.#ctx.db
      .selectFrom('nodes')
      .select('id')
      .where('instance', '=', this.#ctx.config.instance)
      .execute()
    return rows.map(({ id }) => id).filter((id) => this.#links.holds(id))
  }

  async #tell(node: number, floors: readonly Floor[]): Promise<void> {
    const meant = floors.filter(({ server_uuid, node_id }) => server_uuid === null || node_id === node)
    await Promise.all(meant.map((floor) => this.#send(node, floor)))
  }

  /** Every revocation is heard of twice, after its commit and when its row is read: the node is told once. */
  #send(node: number, floor: Floor): Promise<void> {
    const epoch = this.#links.sessionEpochOf(node)
    if (epoch === null) return Promise.resolve()
    let told = this.#told.get(node)
    if (told?.epoch !== epoch || told.floors.size >= MOST_REMEMBERED) {
      this.#told.set(node, (told = { epoch, floors: new Map() }))
    }
    const key = `${floor.user_uuid} ${floor.server_uuid ?? ''}`
    const before = told.floors.get(key)
    if (before && before.minRevision >= floor.min_revision) return before.sent
    const sent = this.#call(node, epoch, floor)
    told.floors.set(key, { minRevision: floor.min_revision, sent })
    return sent
  }

  async #call(node: number, epoch: number, floor: Floor): Promise<void> {
    const { user_uuid: user, server_uuid: server, min_revision: minRevision } = floor
    for (let attempt = 1; this.#isSame(node, epoch); attempt++) {
      try {
        await this.#links.of(node).call('access.revoke', { user, server, minRevision }, { deadlineMs: DEADLINE_MS })
        return
      } catch (error) {
        if (!(error instanceof AppError)) throw error
        // A connection that has ended since is followed by one that is told everything.
        if (NOTHING_THERE.has(error.code) || !this.#isSame(node, epoch)) return
        if (attempt < ATTEMPTS) continue
        this.#ctx.log.error({ node, code: error.code }, 'a node did not take a revocation and is disconnected')
        this.#links.disconnect(node, 'it did not take a revocation')
        return
      }
    }
  }

  #isSame(node: number, epoch: number): boolean {
    return !this.#isClosed && this.#links.sessionEpochOf(node) === epoch
  }
}
