import { AppError } from '@hatchery/core/errors'
import type { Generation, ServerReport } from '@hatchery/core/protocol'
import type { RunnerContext } from '../operations/runner-context.ts'
import { buildSpec } from './build-spec.ts'
import { loadSpecSource } from './load-spec.ts'
import { storeReport } from './store-report.ts'
import { compareGenerations } from './touch-server.ts'

/** Sends the wanted level of servers to their nodes, and knows which generation each connected node has. */
export class SpecSender {
  readonly #ctx: RunnerContext
  /** By node, then by server uuid; only of the present connections. */
  readonly #applied = new Map<number, Map<string, Generation>>()
  /** Servers whose spec could not be sent although their node was connected. */
  readonly #missed = new Set<number>()
  /** The last sending of a server; the next one waits for it, so that an older level never follows a newer one. */
  readonly #running = new Map<number, Promise<void>>()

  constructor(ctx: RunnerContext) {
    this.#ctx = ctx
  }

  forgetNode(nodeId: number): void {
    this.#applied.delete(nodeId)
  }

  /** What a node has just said that it holds. */
  learn(nodeId: number, reports: readonly ServerReport[]): void {
    const applied = this.#appliedOf(nodeId)
    for (const { server, generation } of reports) if (generation) applied.set(server, generation)
  }

  /** Makes sure that the node has the present level of the server before something else is asked of it. */
  ensure(serverId: number): Promise<void> {
    return this.apply(serverId)
  }

  /** Sends the present level, unless the node has it. */
  async apply(serverId: number): Promise<void> {
    const before = this.#running.get(serverId) ?? Promise.resolve()
    const run = before.catch(() => undefined).then(() => this.#apply(serverId))
    this.#running.set(serverId, run)
    try {
      await run
    } finally {
      if (this.#running.get(serverId) === run) this.#running.delete(serverId)
    }
  }

  async retry(): Promise<void> {
    for (const serverId of this.#missed) {
      this.#missed.delete(serverId)
      try {
        await this.apply(serverId)
      } catch (error) {
        this.#ctx.log.debug({ err: error, server: serverId }, 'a spec was not applied')
      }
    }
  }

  async #apply(serverId: number): Promise<void> {
    const ctx = this.#ctx
    const server = await ctx.db
      .selectFrom('servers')
      .select(['uuid', 'node_id', 'is_deleting', 'generation_epoch', 'generation_n'])
      .where('id', '=', serverId)
      .executeTakeFirst()
    if (!server || server.is_deleting === 1) return
    const nodeId = server.node_id
    const applied = this.#appliedOf(nodeId)
    const theirs = applied.get(server.uuid)
    if (theirs && compareGenerations(theirs, { epoch: server.generation_epoch, n: server.generation_n }) >= 0) return
    const link = ctx.nodes.of(nodeId)
    const sessionEpoch = ctx.nodes.sessionEpochOf(nodeId)
    // A node that is away gets it when it connects.
    if (!link.isConnected || sessionEpoch === null) {
      throw new AppError('NODE_UNREACHABLE', { node: String(nodeId) })
    }
    if (await this.#isInRecovery(nodeId)) throw new AppError('NODE_IN_RECOVERY', { node: String(nodeId) })

    const source = await loadSpecSource(ctx, serverId)
    if (!source) return
    try {
      const spec = buildSpec(source)
      const report = await link.call('server.apply', { spec })
      applied.set(spec.id, spec.generation)
      await ctx.store.transaction(async (trx, afterCommit) => {
        await storeReport(ctx, { trx, afterCommit }, { nodeId, sessionEpoch }, report)
      })
    } catch (error) {
      if (!(error instanceof AppError) || error.code === 'NODE_TIMEOUT') this.#missed.add(serverId)
      throw error
    }
  }

  async #isInRecovery(nodeId: number): Promise<boolean> {
    const node = await this.#ctx.db
      .selectFrom('nodes')
      .select('is_recovery')
      .where('id', '=', nodeId)
      .executeTakeFirst()
    return node?.is_recovery === 1
  }

  #appliedOf(nodeId: number): Map<string, Generation> {
    let applied = this.#applied.get(nodeId)
    if (!applied) this.#applied.set(nodeId, (applied = new Map()))
    return applied
  }
}
