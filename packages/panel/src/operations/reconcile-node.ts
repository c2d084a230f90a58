import type { ServerReport } from '@hatchery/core/protocol'
import type { ReadySession } from '../nodes/agent-links.ts'
import { forgetOrphansExcept, noteOrphan } from '../nodes/orphans.ts'
import type { SpecSender } from '../servers/spec-sender.ts'
import { storeReport } from '../servers/store-report.ts'
import { compareGenerations } from '../servers/touch-server.ts'
import type { RunnerContext } from './runner-context.ts'

const REPORTS_AT_ONCE = 100
const SPECS_AT_ONCE = 8
/** Results that a node may forget: the panel asks for nothing that ended so long ago. */
const KEEP_RESULTS_MS = 24 * 3_600_000

/**
 * Brings a node that has just connected to the wanted level, whatever either side missed meanwhile. Nothing is deleted because
 * it is absent; in recovery nothing is sent at all (RULES 1).
 */
export async function reconcileNode(
  ctx: RunnerContext,
  specs: SpecSender,
  send: (uuid: string) => Promise<void>,
  { nodeId, sessionEpoch, isRecovery }: ReadySession,
): Promise<void> {
  const link = ctx.nodes.of(nodeId)
  const { servers: reports } = await link.call('server.list', {})
  await storeReports(ctx, nodeId, sessionEpoch, reports)
  specs.learn(nodeId, reports)
  if (isRecovery) {
    ctx.log.warn({ node: nodeId }, 'the node is in recovery: nothing is sent until an administrator confirms it')
    return
  }

  await applyMissingSpecs(ctx, specs, nodeId, reports)
  await resendTombstones(ctx, send, nodeId, reports)
  await resendOperations(ctx, send, nodeId)
  await link.call('operation.forget', { before: Math.max(0, ctx.now() - KEEP_RESULTS_MS) })
}

async function storeReports(
  ctx: RunnerContext,
  nodeId: number,
  sessionEpoch: number,
  reports: readonly ServerReport[],
): Promise<void> {
  const present = new Set(reports.map(({ server }) => server))
  await ctx.store.transaction((trx) => forgetOrphansExcept(trx, nodeId, present))
  for (let from = 0; from < reports.length; from += REPORTS_AT_ONCE) {
    await ctx.store.transaction(async (trx, afterCommit) => {
      await ctx.store.lockRow(trx, 'nodes', nodeId)
      for (const report of reports.slice(from, from + REPORTS_AT_ONCE)) {
        const outcome = await storeReport(ctx, { trx, afterCommit }, { nodeId, sessionEpoch }, report)
        if (outcome === 'orphaned') await noteOrphan(ctx, { trx, afterCommit }, nodeId, report)
      }
    })
  }
}

async function applyMissingSpecs(
  ctx: RunnerContext,
  specs: SpecSender,
  nodeId: number,
  reports: readonly ServerReport[],
): Promise<void> {
  const known = new Map(reports.map((report) => [report.server, report.generation]))
  const servers = await ctx.db
    .selectFrom('servers')
    .select(['id', 'uuid', 'generation_epoch', 'generation_n'])
    .where('node_id', '=', nodeId)
    .where('is_deleting', '=', 0)
    .execute()
  const lacking = servers.filter((server) => {
    const theirs = known.get(server.uuid)
    return !theirs || compareGenerations(theirs, { epoch: server.generation_epoch, n: server.generation_n }) < 0
  })
  for (let from = 0; from < lacking.length; from += SPECS_AT_ONCE) {
    const results = await Promise.allSettled(lacking.slice(from, from + SPECS_AT_ONCE).map(({ id }) => specs.apply(id)))
    for (const result of results) {
      if (result.status === 'rejected')
        ctx.log.warn({ err: result.reason as unknown, node: nodeId }, 'a spec was not applied')
    }
  }
}

/** Deletions that the node has not confirmed, or has forgotten after it was restored from a copy. */
async function resendTombstones(
  ctx: RunnerContext,
  send: (uuid: string) => Promise<void>,
  nodeId: number,
  reports: readonly ServerReport[],
): Promise<void> {
  const present = new Set(reports.map(({ server }) => server))
  const tombstones = await ctx.db.selectFrom('tombstones').selectAll().where('node_id', '=', nodeId).execute()
  for (const tombstone of tombstones) {
    if (tombstone.confirmed_at === null) {
      await attempt(ctx, send(tombstone.operation_uuid))
      continue
    }
    if (!present.has(tombstone.server_uuid)) continue
    const generation = { epoch: tombstone.generation_epoch, n: tombstone.generation_n }
    const call = ctx.nodes.of(nodeId).call('server.delete', {
      server: tombstone.server_uuid,
      generation,
      operation: tombstone.operation_uuid,
      requestedBy: 'panel',
      lifetimeMs: null,
    })
    await attempt(ctx, call)
  }
}

async function resendOperations(
  ctx: RunnerContext,
  send: (uuid: string) => Promise<void>,
  nodeId: number,
): Promise<void> {
  const unfinished = await ctx.db
    .selectFrom('operations')
    .select('uuid')
    .where('node_id', '=', nodeId)
    .where('status', 'in', ['pending', 'running'])
    .orderBy('id')
    .execute()
  for (const { uuid } of unfinished) await attempt(ctx, send(uuid))
}

/** One that fails keeps no other from being sent; its own record says what became of it. */
async function attempt(ctx: RunnerContext, work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    ctx.log.debug({ err: error }, 'an operation was not sent again')
  }
}
