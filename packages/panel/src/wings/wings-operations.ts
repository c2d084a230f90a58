import { AppError, type ErrorBody } from '@hatchery/core/errors'
import type { Context } from '../context.ts'
import type { KnownServer } from './wings-server.ts'

/** An install script that never ends is given up. */
const INSTALL_DEADLINE_MS = 3_600_000

export interface PendingInstall {
  readonly server: string
  readonly operation: string
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
  return rows.map(({ uuid, server }) => ({ server, operation: uuid }))
}

export interface InstallEnd {
  readonly status: 'succeeded' | 'failed' | 'unknown'
  readonly error: ErrorBody | null
}

/** A Wings says whether, not why. */
export function installEnd(status: InstallEnd['status']): InstallEnd {
  if (status === 'succeeded') return { status, error: null }
  const exitCode = status === 'failed' ? 'unknown' : 'unknown; the node did not say how it ended'
  return { status, error: new AppError('INSTALL_FAILED', { exitCode }).toBody() }
}
