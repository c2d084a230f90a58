import type { Selectable } from 'kysely'
import {
  DURABLE_EVENTS,
  matches,
  type DurableEvent,
  type DurableEventName,
  type SequencedEvent,
} from '@hatchery/core/protocol'
import type { Context } from '../context.ts'
import { finishOperation } from '../operations/finish-operation.ts'
import type { OperationHint } from '../operations/write-operation.ts'
import { confirmDeletion } from '../servers/confirm-deletion.ts'
import { storeReport, type ReportOrigin } from '../servers/store-report.ts'
import { touchServer, type Change } from '../servers/touch-server.ts'
import type { OperationsTable } from '../storage/tables/work.ts'
import { storeSshEvent } from '../ssh-access/store-ssh-event.ts'
import { storeUsage } from '../usage/store-usage.ts'
import { noteOrphan } from './orphans.ts'

type StoreContext = Pick<Context, 'bus' | 'events' | 'now' | 'store' | 'log' | 'revocations'>

/**
 * Stores durable events and the high-water mark in one transaction; the caller acknowledges afterwards (RULES 9). An event
 * that is not understood, or that cannot be stored, is kept raw: one bad event never holds up those behind it.
 */
export async function storeAgentEvents(
  ctx: StoreContext,
  origin: ReportOrigin,
  events: readonly SequencedEvent[],
): Promise<void> {
  try {
    await storeBatch(ctx, origin, events, () => false)
  } catch (error) {
    ctx.log.error({ err: error, node: origin.nodeId }, 'a batch of node events failed; storing them one by one')
    for (const event of events) {
      try {
        await storeBatch(ctx, origin, [event], () => false)
      } catch (cause) {
        ctx.log.error({ err: cause, node: origin.nodeId, event: event.event.name }, 'a node event is kept raw')
        await storeBatch(ctx, origin, [event], () => true)
      }
    }
  }
}

async function storeBatch(
  ctx: StoreContext,
  origin: ReportOrigin,
  events: readonly SequencedEvent[],
  isRaw: (event: SequencedEvent) => boolean,
): Promise<void> {
  await ctx.store.transaction(async (trx, afterCommit) => {
    const change: Change = { trx, afterCommit }
    await ctx.store.lockRow(trx, 'nodes', origin.nodeId)
    const node = await trx
      .selectFrom('nodes')
      .select(['incarnation', 'stored_seq', 'session_epoch'])
      .where('id', '=', origin.nodeId)
      .executeTakeFirstOrThrow()
    if (node.session_epoch !== origin.sessionEpoch) throw new Error('A newer connection of this node has taken over.')

    let stored = node.stored_seq
    for (const event of events) {
      if (event.incarnation !== node.incarnation || event.seq <= stored) continue
      if (isRaw(event) || !isKnown(event.event)) await storeRaw(change, origin.nodeId, event)
      else await storeEvent(ctx, change, origin, event.event)
      stored = event.seq
    }
    await trx
      .updateTable('nodes')
      .set({ stored_seq: stored, last_seen_at: ctx.now() })
      .where('id', '=', origin.nodeId)
      .execute()
  })
}

function isKnown(event: DurableEvent): boolean {
  const name: string = event.name
  return Object.hasOwn(DURABLE_EVENTS, name) && matches(DURABLE_EVENTS[name as DurableEventName], event.data)
}

async function storeRaw({ trx }: Change, nodeId: number, event: SequencedEvent): Promise<void> {
  await trx
    .insertInto('raw_agent_events')
    .values({
      node_id: nodeId,
      incarnation: event.incarnation,
      seq: event.seq,
      body: JSON.stringify(event.event),
      at: event.at,
    })
    .execute()
}

async function storeEvent(ctx: StoreContext, change: Change, origin: ReportOrigin, event: DurableEvent): Promise<void> {
  switch (event.name) {
    case 'server.report':
      return storeOneReport(ctx, change, origin, event.data)
    case 'snapshot':
      for (const report of event.data.servers) await storeOneReport(ctx, change, origin, report)
      return
    case 'operation.started':
      return startOperation(ctx, change, origin, event.data)
    case 'operation.finished': {
      const operation = await findOperation(change, origin, event.data.operation)
      if (!operation) return
      const { status, error } = event.data
      return finishOperation(ctx, change, operation, { status, error, at: ctx.now(), isFromNode: true })
    }
    case 'server.crashed':
      return storeCrash(ctx, change, origin, event.data)
    case 'server.feature':
      return storeFeature(ctx, change, origin, event.data)
    case 'server.deleted':
      return confirmDeletion(ctx, change, origin.nodeId, event.data.server)
    case 'ssh.opened':
    case 'ssh.closed':
    case 'files.audit':
      return storeSshEvent(ctx, change, origin, event)
    case 'usage.closed':
      return storeUsage(ctx, change, origin, event.data)
    case 'lost':
      return ctx.events.append(change.trx, { type: 'node:events-lost', nodeId: origin.nodeId, data: event.data })
    default:
      event satisfies never
  }
}

async function storeOneReport(
  ctx: StoreContext,
  change: Change,
  origin: ReportOrigin,
  report: DurableEvent<'server.report'>['data'],
): Promise<void> {
  const outcome = await storeReport(ctx, change, origin, report)
  if (outcome === 'orphaned') await noteOrphan(ctx, change, origin.nodeId, report)
}

function findOperation(
  { trx }: Change,
  origin: ReportOrigin,
  uuid: string,
): Promise<Selectable<OperationsTable> | undefined> {
  return trx
    .selectFrom('operations')
    .selectAll()
    .where('uuid', '=', uuid)
    .where('node_id', '=', origin.nodeId)
    .executeTakeFirst()
}

async function startOperation(
  ctx: StoreContext,
  change: Change,
  origin: ReportOrigin,
  { operation: uuid, phase }: DurableEvent<'operation.started'>['data'],
): Promise<void> {
  const { numUpdatedRows } = await change.trx
    .updateTable('operations')
    .set((eb) => ({ status: 'running', phase, revision: eb('revision', '+', 1) }))
    .where('uuid', '=', uuid)
    .where('node_id', '=', origin.nodeId)
    .where('status', 'in', ['pending', 'running'])
    .executeTakeFirst()
  if (numUpdatedRows === 0n) return
  change.afterCommit(() => ctx.bus.publish('operations', { uuid } satisfies OperationHint))
}

function findServer({ trx }: Change, origin: ReportOrigin, uuid: string) {
  return trx
    .selectFrom('servers')
    .select(['id', 'uuid'])
    .where('uuid', '=', uuid)
    .where('node_id', '=', origin.nodeId)
    .executeTakeFirst()
}

async function storeCrash(
  ctx: StoreContext,
  change: Change,
  origin: ReportOrigin,
  crash: DurableEvent<'server.crashed'>['data'],
): Promise<void> {
  const server = await findServer(change, origin, crash.server)
  if (!server) return
  await ctx.events.append(change.trx, {
    type: 'server:crashed',
    serverId: server.id,
    nodeId: origin.nodeId,
    data: { run: crash.run, code: crash.code, oomKilled: crash.oomKilled, restartAt: crash.restartAt },
  })
  await touchServer(ctx, change, server, 'node')
}

async function storeFeature(
  ctx: StoreContext,
  change: Change,
  origin: ReportOrigin,
  { server: uuid, feature, line, isPending, at }: DurableEvent<'server.feature'>['data'],
): Promise<void> {
  const server = await findServer(change, origin, uuid)
  if (!server) return
  await change.trx
    .deleteFrom('server_features')
    .where('server_id', '=', server.id)
    .where('feature', '=', feature.slice(0, 64))
    .execute()
  if (isPending) {
    await change.trx
      .insertInto('server_features')
      .values({ server_id: server.id, feature: feature.slice(0, 64), line: line.slice(0, 4096), at })
      .execute()
  }
  await ctx.events.append(change.trx, {
    type: isPending ? 'server:feature.pending' : 'server:feature.answered',
    serverId: server.id,
    nodeId: origin.nodeId,
    data: { feature },
  })
  await touchServer(ctx, change, server, 'node')
}
