import { randomUUID } from 'node:crypto'
import { AppError } from '@hatchery/core/errors'
import type { Context } from '../context.ts'
import type { NodeHostValue } from './wings-answers.ts'

export interface WingsEpoch {
  readonly sessionEpoch: number
  /** A Wings has no outbox: the events of each connection are numbered anew. */
  readonly incarnation: string
}

type StoreContext = Pick<Context, 'store' | 'events' | 'now' | 'config' | 'bus'>

/** Takes a new session epoch for a Wings that has answered, as an agent's connection does (RULES 13). */
export function welcomeWings(ctx: StoreContext, nodeId: number, host: NodeHostValue): Promise<WingsEpoch> {
  return ctx.store.transaction(async (trx, afterCommit) => {
    await ctx.store.lockRow(trx, 'nodes', nodeId)
    const node = await trx
      .selectFrom('nodes')
      .select(['uuid', 'session_epoch'])
      .where('id', '=', nodeId)
      .executeTakeFirst()
    if (!node) throw new AppError('NODE_NOT_FOUND', { id: String(nodeId) })
    const sessionEpoch = node.session_epoch + 1
    const incarnation = randomUUID()
    await trx
      .updateTable('nodes')
      .set((eb) => ({
        session_epoch: sessionEpoch,
        instance: ctx.config.instance,
        instance_address: ctx.config.internalAddress,
        incarnation,
        stored_seq: 0,
        host: JSON.stringify(host),
        last_seen_at: ctx.now(),
        revision: eb('revision', '+', 1),
      }))
      .where('id', '=', nodeId)
      .execute()
    await ctx.events.append(trx, { type: 'node:connected', nodeId, data: { sessionEpoch } })
    afterCommit(() => ctx.bus.publish('nodes', { id: nodeId, uuid: node.uuid }))
    return { sessionEpoch, incarnation }
  })
}

/** The node does not answer any more. */
export async function dismissWings(
  ctx: StoreContext,
  nodeId: number,
  sessionEpoch: number,
  reason: string,
): Promise<void> {
  await ctx.store.transaction(async (trx, afterCommit) => {
    const { numUpdatedRows } = await trx
      .updateTable('nodes')
      .set((eb) => ({
        instance: null,
        instance_address: null,
        last_seen_at: ctx.now(),
        revision: eb('revision', '+', 1),
      }))
      .where('id', '=', nodeId)
      .where('session_epoch', '=', sessionEpoch)
      .executeTakeFirst()
    if (numUpdatedRows === 0n) return
    await ctx.events.append(trx, { type: 'node:disconnected', nodeId, data: { sessionEpoch, reason } })
    afterCommit(() => ctx.bus.publish('nodes', { id: nodeId }))
  })
}
