import { AppError } from '@hatchery/core/errors'
import type { DurableEvent } from '@hatchery/core/protocol'
import type { Context } from '../context.ts'
import type { KnownServer } from './wings-server.ts'

/** An install script that never ends is given up. */
const INSTALL_DEADLINE_MS = 3_600_000

export interface PendingInstall {
  readonly server: string
  readonly operation: string
  readonly startWhenInstalled: boolean
}

/** What the panel stored of the servers of a node. */
export async function readKnownServers(ctx: Pick<Context, 'db'>, nodeId: number): Promise<readonly KnownServer[]> {
  const servers = await ctx.db
    .selectFrom('servers')
    .select(['uuid', 'process_state', 'install_state', 'run'])
    .where('node_id', '=', nodeId)
    .execute()
  return servers.map(({ uuid, process_state, install_state, run }) => ({
    uuid,
    state: process_state as KnownServer['state'],
    install: install_state as KnownServer['install'],
    run,
  }))
}

/** A Wings answers at once and says the end in a call of its own; sent again, the job would begin again. */
export async function isInstallAccepted(ctx: Pick<Context, 'db'>, operation: string): Promise<boolean> {
  const row = await ctx.db.selectFrom('operations').select('phase').where('uuid', '=', operation).executeTakeFirst()
  return row?.phase === 'installing'
}

/** The installation that is under way on a server, from the panel's own record: it outlives the panel's process. */
export async function findInstall(
  ctx: Pick<Context, 'db'>,
  nodeId: number,
  server: string,
): Promise<PendingInstall | null> {
  const row = await ctx.db
    .selectFrom('servers')
    .innerJoin('operations', 'operations.uuid', 'servers.operation_uuid')
    .select(['operations.uuid', 'operations.body'])
    .where('servers.uuid', '=', server)
    .where('servers.node_id', '=', nodeId)
    .where('operations.kind', 'in', ['install', 'reinstall'])
    .executeTakeFirst()
  if (!row) return null
  const { params } = JSON.parse(row.body) as { params: { startWhenInstalled?: boolean; isReinstall?: boolean } }
  return {
    server,
    operation: row.uuid,
    // A new server is started by Wings itself.
    startWhenInstalled: params.startWhenInstalled === true && params.isReinstall === true,
  }
}

/** Installations whose end was never told: the call was lost, or the script does not end. */
export async function findLateInstalls(
  ctx: Pick<Context, 'db' | 'now'>,
  nodeId: number,
): Promise<readonly PendingInstall[]> {
  const rows = await ctx.db
    .selectFrom('servers')
    .innerJoin('operations', 'operations.uuid', 'servers.operation_uuid')
    .select(['operations.uuid', 'servers.uuid as server'])
    .where('servers.node_id', '=', nodeId)
    .where('operations.kind', 'in', ['install', 'reinstall'])
    .where('operations.phase', '=', 'installing')
    .where('operations.sent_at', '<', ctx.now() - INSTALL_DEADLINE_MS)
    .execute()
  return rows.map(({ uuid, server }) => ({ server, operation: uuid, startWhenInstalled: false }))
}

export function installEnded(
  { server, operation }: PendingInstall,
  end: 'succeeded' | 'failed' | 'unknown',
  at: number,
): DurableEvent {
  const reason = end === 'failed' ? 'unknown' : 'unknown; the node did not say how it ended'
  const error = end === 'succeeded' ? null : new AppError('INSTALL_FAILED', { exitCode: reason }).toBody()
  return { name: 'operation.finished', data: { operation, server, status: end, error, at } }
}
