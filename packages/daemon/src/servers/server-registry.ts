import { stat } from 'node:fs/promises'
import { AppError } from '@hatchery/core/errors'
import type { AgentParams, ServerReport, ServerSpec } from '@hatchery/core/protocol'
import { initialLifecycle } from '@hatchery/core/server'
import { compareGenerations, type ServerRecord } from '../state/server-store.ts'
import { pause } from './pause.ts'
import type { ServerContext } from './server-context.ts'
import { allocateSubnet, allocateUid } from './server-identity.ts'
import { ServerSupervisor } from './server-supervisor.ts'

/** An answer is given up after this long, well within the deadline of a call. */
const READY_MS = 5_000

/** Every server of this machine, each under its own supervision. */
export class ServerRegistry {
  readonly #ctx: ServerContext
  readonly #servers = new Map<string, ServerSupervisor>()
  /** Per server: settles when it is attached. */
  readonly #attached = new Map<string, Promise<void>>()
  #allAttached: Promise<void> = Promise.resolve()

  constructor(ctx: ServerContext) {
    this.#ctx = ctx
  }

  /** Brings every stored server back under supervision. Each attaches by itself; none waits for another. */
  open(): void {
    for (const record of this.#ctx.state.servers.list()) this.#supervise(record)
  }

  /** Settles when every server is attached and everything found was looked at. */
  attach(): Promise<void> {
    for (const server of this.#servers.values()) this.#attached.set(server.id, this.#attachOne(server))
    this.#allAttached = Promise.all([...this.#attached.values(), this.#adoptStrangers()]).then(() => undefined)
    return this.#allAttached
  }

  /**
   * Settles when it is known what this server, or every one, is doing.
   * @throws AppError `RUNTIME_UNAVAILABLE` if that takes too long, because the runtime does not answer
   */
  async ready(id: string | null): Promise<void> {
    const known = id === null || !this.#servers.has(id) ? this.#allAttached : this.#attached.get(id)
    if (!known) return
    const { promise, reject } = Promise.withResolvers<void>()
    const { name } = this.#ctx.runtime
    const late = () => reject(new AppError('RUNTIME_UNAVAILABLE', { runtime: name, reason: 'it has not answered yet' }))
    const timer = setTimeout(late, READY_MS)
    try {
      await Promise.race([known, promise])
    } finally {
      clearTimeout(timer)
    }
  }

  list(): readonly ServerReport[] {
    return [...this.#servers.values()].map(({ report }) => report)
  }

  all(): readonly ServerSupervisor[] {
    return [...this.#servers.values()]
  }

  has(id: string): boolean {
    return this.#servers.has(id)
  }

  /** @throws AppError `SERVER_NOT_FOUND` */
  get(id: string): ServerSupervisor {
    const server = this.#servers.get(id)
    if (!server) throw new AppError('SERVER_NOT_FOUND', { id })
    return server
  }

  /**
   * Stores a spec; a server that is not known yet is made.
   * @throws AppError `OPERATION_STALE` if the server was deleted, or the spec is older than what this node has held
   */
  apply(spec: ServerSpec): ServerReport {
    const tombstone = this.#ctx.state.servers.findTombstone(spec.id)
    if (tombstone && compareGenerations(spec.generation, tombstone.generation) <= 0) {
      throw new AppError('OPERATION_STALE', { reason: 'the server was deleted' })
    }
    this.#requireAuthority(spec)
    const server = this.#servers.get(spec.id) ?? this.#supervise(this.#create(spec.id, {}))
    return server.apply(spec)
  }

  /** A panel, or a node that speaks for one, that knows only an older grant no longer decides about the server (RULES 3). */
  #requireAuthority({ id, authorityEpoch = 0 }: ServerSpec): void {
    const held = this.#ctx.state.servers.authorityOf(id)
    if (authorityEpoch >= held) return
    throw new AppError('OPERATION_STALE', {
      reason: `it comes under authority ${authorityEpoch}, and this node has held ${held}`,
    })
  }

  /**
   * Begins to delete a server. What is unknown counts as deleted: the tombstone is written all the same (RULES 1).
   * @throws AppError `OPERATION_STALE` if the stored spec is newer than the deletion
   */
  delete({ server: id, generation, operation }: AgentParams<'server.delete'>): void {
    const server = this.#servers.get(id)
    const stored = server?.report.generation
    if (stored && compareGenerations(generation, stored) < 0) {
      throw new AppError('OPERATION_STALE', { reason: 'the server was changed after it was to be deleted' })
    }
    this.#ctx.state.transaction(() => {
      this.#ctx.state.servers.bury({ server: id, generation, operation }, this.#ctx.now())
      const data = { operation, server: id, phase: 'deleting', at: this.#ctx.now() }
      this.#ctx.state.outbox.append({ name: 'operation.started', data }, this.#ctx.now())
    })
    if (server) void this.#finishDelete(server)
    else this.#settleDelete(id)
  }

  /** Stops what would not outlive the agent, all at once, within the time. */
  async interruptAll(timeoutMs: number): Promise<void> {
    const deadline = AbortSignal.timeout(timeoutMs)
    await Promise.all(
      this.all().map((server) =>
        server.interrupt(deadline).catch((error: unknown) => {
          this.#ctx.log.error({ server: server.id, err: error }, 'the server could not be stopped')
        }),
      ),
    )
  }

  async close(): Promise<void> {
    await Promise.all(this.all().map((server) => server.close()))
  }

  async #attachOne(server: ServerSupervisor): Promise<void> {
    try {
      await server.attach()
      if (server.isDeleted) void this.#finishDelete(server)
    } catch (error) {
      this.#ctx.log.error({ server: server.id, err: error }, 'attaching to a server failed')
    }
  }

  async #finishDelete(server: ServerSupervisor): Promise<void> {
    try {
      await server.destroy()
      if (this.#ctx.stopping.aborted) return
      await server.close()
      this.#servers.delete(server.id)
      this.#attached.delete(server.id)
      this.#settleDelete(server.id)
    } catch (error) {
      this.#ctx.log.error({ server: server.id, err: error }, 'a deletion failed; it goes on after the next start')
    }
  }

  #settleDelete(id: string): void {
    const { state, now, panel } = this.#ctx
    const tombstone = state.servers.findTombstone(id)
    if (!tombstone) return
    const { operation, generation } = tombstone
    state.transaction(() => {
      this.#ctx.onRemoved?.(id)
      state.servers.remove(id)
      state.outbox.append({ name: 'server.deleted', data: { server: id, generation, at: now() } }, now())
      state.operations.finish(operation, 'succeeded', now())
      const data = { operation, server: id, status: 'succeeded' as const, error: null, at: now() }
      state.outbox.append({ name: 'operation.finished', data }, now())
    })
    panel.flush()
  }

  /** Containers and files that the state does not know are listed as orphans; only a tombstone removes anything. */
  async #adoptStrangers(): Promise<void> {
    const found = await this.#listFound()
    for (const id of found) {
      if (this.#servers.has(id)) continue
      if (this.#ctx.state.servers.findTombstone(id)) {
        await this.#removeRest(id)
        continue
      }
      this.#ctx.log.warn({ server: id }, 'found a server that nobody here knows; it is kept and listed as orphaned')
      const server = this.#supervise(this.#create(id, { isOrphaned: true, uid: await this.#ownerOf(id) }))
      await server.attach()
    }
  }

  /** The identity a stranger's files belong to: an orphan keeps it, so that it can still write them when adopted. */
  async #ownerOf(id: string): Promise<number | null> {
    const volume = await this.#ctx.volumes.find(id)
    if (!volume) return null
    const { uid } = await stat(volume.dataDirectory)
    const { first, count } = this.#ctx.uids
    const isFree = this.#ctx.state.servers.identities().every((identity) => identity.uid !== uid)
    return uid >= first && uid < first + count && isFree ? uid : null
  }

  async #listFound(): Promise<ReadonlySet<string>> {
    for (let isFirst = true; !this.#ctx.stopping.aborted; isFirst = false) {
      try {
        return new Set([...(await this.#ctx.runtime.list()), ...(await this.#ctx.volumes.list())])
      } catch (error) {
        if (isFirst) this.#ctx.log.warn({ err: error }, 'the runtime does not answer; waiting for it')
        await pause(1_000, this.#ctx.stopping)
      }
    }
    return new Set()
  }

  async #removeRest(id: string): Promise<void> {
    try {
      await this.#ctx.runtime.remove(id)
      await this.#ctx.volumes.remove(id)
    } catch (error) {
      this.#ctx.log.warn({ server: id, err: error }, 'what is left of a deleted server could not be removed')
    }
  }

  #supervise(record: ServerRecord): ServerSupervisor {
    const server = new ServerSupervisor(this.#ctx, record)
    this.#servers.set(record.id, server)
    return server
  }

  #create(id: string, options: { readonly isOrphaned?: boolean; readonly uid?: number | null }): ServerRecord {
    const { state, uids, subnetRange, now } = this.#ctx
    return state.transaction(() => {
      const used = state.servers.identities()
      const uid =
        options.uid ??
        allocateUid(
          uids,
          used.map((identity) => identity.uid),
        )
      const subnets = used.flatMap(({ subnet }) => subnet ?? [])
      const isOrphaned = options.isOrphaned ?? false
      const record: ServerRecord = {
        id,
        spec: null,
        // An orphan has files already; a new server gets them by its installation.
        lifecycle: { ...initialLifecycle(), install: isOrphaned ? 'installed' : 'none' },
        runKey: null,
        bootId: null,
        pendingFeatures: [],
        uid,
        gid: uid,
        subnet: subnetRange === null ? null : allocateSubnet(subnetRange, subnets),
        stateSeq: 0,
        isOrphaned,
      }
      state.servers.insert(record, now())
      return record
    })
  }
}
