import { setTimeout as delay } from 'node:timers/promises'
import type { Selectable, Transaction } from 'kysely'
import { AppError, type ErrorBody } from '@hatchery/core/errors'
import type { AgentMethod, AgentParams } from '@hatchery/core/protocol'
import type { ReadySession } from '../nodes/agent-links.ts'
import { SpecSender } from '../servers/spec-sender.ts'
import type { Database } from '../storage/schema.ts'
import type { OperationsTable } from '../storage/tables/work.ts'
import { finishOperation, type FinalStatus } from './finish-operation.ts'
import { ProgressBoard, type OperationProgress } from './operation-progress.ts'
import type { NewOperation, OperationRunner } from './operation-runner.ts'
import { reconcileNode } from './reconcile-node.ts'
import type { RunnerContext } from './runner-context.ts'
import { writeOperation, type OperationHint } from './write-operation.ts'

type OperationRow = Selectable<OperationsTable>

const SWEEP_MS = 15_000
/** The node's first answer is all there is to wait for; the rest shows in the state of the server. */
const ENDS_WITH_ANSWER: ReadonlySet<string> = new Set(['server.power', 'server.command', 'server.acceptEula'])
const DESTRUCTIVE: ReadonlySet<string> = new Set(['server.delete', 'server.install'])

export function createOperationRunner(ctx: RunnerContext): NodeOperationRunner {
  return new NodeOperationRunner(ctx)
}

export class NodeOperationRunner implements OperationRunner {
  readonly #ctx: RunnerContext
  readonly #specs: SpecSender
  readonly #progress: ProgressBoard
  readonly #sending = new Map<string, Promise<void>>()
  readonly #background = new Set<Promise<unknown>>()
  readonly #stop = new AbortController()

  constructor(ctx: RunnerContext) {
    this.#ctx = ctx
    this.#specs = new SpecSender(ctx)
    this.#progress = new ProgressBoard(ctx)
  }

  async start(): Promise<void> {
    this.#inBackground(this.#sweepForEver())
  }

  async close(): Promise<void> {
    this.#stop.abort()
    this.#progress.close()
    await Promise.allSettled(this.#background)
  }

  create(trx: Transaction<Database>, operation: NewOperation): Promise<string> {
    return writeOperation(this.#ctx, trx, operation)
  }

  send(uuid: string): Promise<void> {
    let sending = this.#sending.get(uuid)
    if (!sending) {
      sending = this.#send(uuid).finally(() => this.#sending.delete(uuid))
      this.#sending.set(uuid, sending)
    }
    return sending
  }

  dispatch(uuid: string): void {
    this.#inBackground(this.send(uuid))
  }

  applySpec(serverId: number): void {
    this.#inBackground(this.#specs.apply(serverId))
  }

  progressOf(uuid: string): OperationProgress | undefined {
    return this.#progress.of(uuid)
  }

  /** Everything that the node missed: newer specs, tombstones, unfinished operations. */
  onConnected(ready: ReadySession): void {
    this.#specs.forgetNode(ready.nodeId)
    this.#inBackground(reconcileNode(this.#ctx, this.#specs, (uuid) => this.send(uuid), ready))
  }

  /** The node has another connection, or none: nobody knows what it holds. */
  forgetNode(nodeId: number): void {
    this.#specs.forgetNode(nodeId)
  }

  async #send(uuid: string): Promise<void> {
    const ctx = this.#ctx
    const operation = await ctx.db.selectFrom('operations').selectAll().where('uuid', '=', uuid).executeTakeFirst()
    if (!operation || (operation.status !== 'pending' && operation.status !== 'running')) return
    const { method, params } = JSON.parse(operation.body) as { method: AgentMethod; params: Record<string, unknown> }
    if (this.#isExpired(operation, params)) {
      const stale = new AppError('OPERATION_STALE', { reason: 'its node was away for too long' })
      return this.#finish(operation, 'failed', stale.toBody())
    }
    const link = ctx.nodes.of(operation.node_id ?? 0)
    if (operation.class === 'at-most-once' && operation.sent_at !== null)
      return this.#finish(operation, 'unknown', null)
    if (!link.isConnected) throw new AppError('NODE_UNREACHABLE', { node: await this.#nameOf(operation.node_id) })
    if (DESTRUCTIVE.has(method)) await this.#refuseInRecovery(operation.node_id)

    try {
      if (method !== 'server.delete' && operation.server_id !== null) await this.#specs.ensure(operation.server_id)
      await this.#markSent(operation)
      await link.call(method, params as AgentParams<AgentMethod>)
    } catch (error) {
      await this.#onSendFailed(operation, error)
      throw error
    }
    if (ENDS_WITH_ANSWER.has(method)) await this.#finish(operation, 'succeeded', null)
  }

  #isExpired(operation: OperationRow, params: Readonly<Record<string, unknown>>): boolean {
    const lifetimeMs = params['lifetimeMs']
    return typeof lifetimeMs === 'number' && this.#ctx.now() - operation.created_at > lifetimeMs
  }

  /** What may have been carried out is not repeated unless its class allows it; what the node refused has failed. */
  async #onSendFailed(operation: OperationRow, error: unknown): Promise<void> {
    if (!(error instanceof AppError)) {
      this.#ctx.log.error({ err: error, operation: operation.uuid }, 'an operation could not be sent')
      return
    }
    if (error.code === 'NODE_UNREACHABLE' || error.code === 'NODE_IN_RECOVERY') return
    if (error.code !== 'NODE_TIMEOUT') return this.#finish(operation, 'failed', error.toBody())
    if (operation.class === 'at-most-once') await this.#finish(operation, 'unknown', error.toBody())
  }

  async #refuseInRecovery(nodeId: number | null): Promise<void> {
    const node = await this.#ctx.db
      .selectFrom('nodes')
      .select(['name', 'is_recovery'])
      .where('id', '=', nodeId ?? 0)
      .executeTakeFirst()
    if (node?.is_recovery === 1) throw new AppError('NODE_IN_RECOVERY', { node: node.name })
  }

  async #markSent(operation: OperationRow): Promise<void> {
    await this.#ctx.store.transaction(async (trx, afterCommit) => {
      await trx
        .updateTable('operations')
        .set((eb) => ({
          status: 'running',
          phase: operation.phase === 'queued' ? 'sent' : operation.phase,
          sent_at: this.#ctx.now(),
          revision: eb('revision', '+', 1),
        }))
        .where('id', '=', operation.id)
        .where('status', 'in', ['pending', 'running'])
        .execute()
      afterCommit(() => this.#ctx.bus.publish('operations', { uuid: operation.uuid } satisfies OperationHint))
    })
  }

  async #finish(operation: OperationRow, status: FinalStatus, error: ErrorBody | null): Promise<void> {
    await this.#ctx.store.transaction(async (trx, afterCommit) => {
      // Events of the node take this lock first as well, so that neither waits for the other in a circle.
      if (operation.node_id !== null) await this.#ctx.store.lockRow(trx, 'nodes', operation.node_id)
      const current = await trx
        .selectFrom('operations')
        .selectAll()
        .where('id', '=', operation.id)
        .executeTakeFirstOrThrow()
      const end = { status, error, at: this.#ctx.now(), isFromNode: false }
      await finishOperation(this.#ctx, { trx, afterCommit }, current, end)
    })
  }

  async #nameOf(nodeId: number | null): Promise<string> {
    const node = await this.#ctx.db
      .selectFrom('nodes')
      .select('name')
      .where('id', '=', nodeId ?? 0)
      .executeTakeFirst()
    return node?.name ?? String(nodeId)
  }

  /** A second chance for whatever a fault on the way left behind: nothing waits for a message that was lost. */
  async #sweepForEver(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      try {
        await delay(SWEEP_MS, undefined, { signal, ref: false })
        await this.sweep()
      } catch (error) {
        if (!signal.aborted) this.#ctx.log.error({ err: error }, 'the sweep over unfinished operations failed')
      }
    }
  }

  async sweep(): Promise<void> {
    const unfinished = await this.#ctx.db
      .selectFrom('operations')
      .select(['uuid', 'node_id', 'status', 'body', 'created_at'])
      .where('status', 'in', ['pending', 'running'])
      .orderBy('id')
      .limit(1000)
      .execute()
    for (const { uuid, node_id, status, body, created_at } of unfinished) {
      const { params } = JSON.parse(body) as { params: { lifetimeMs: number | null } }
      const isLate = params.lifetimeMs !== null && this.#ctx.now() - created_at > params.lifetimeMs
      if (isLate || (status === 'pending' && this.#ctx.nodes.holds(node_id ?? 0))) this.dispatch(uuid)
    }
    await this.#specs.retry()
  }

  #inBackground(work: Promise<unknown>): void {
    const running = work.catch((error: unknown) => {
      if (error instanceof AppError) this.#ctx.log.debug({ code: error.code }, 'an operation waits or has failed')
      else this.#ctx.log.error({ err: error }, 'work in the background failed')
    })
    this.#background.add(running)
    void running.finally(() => this.#background.delete(running))
  }
}
