import type { Selectable } from 'kysely'
import type { ErrorBody } from '@hatchery/core/errors'
import type { Context } from '../context.ts'
import { touchServer, type Change } from '../servers/touch-server.ts'
import type { OperationsTable } from '../storage/tables/work.ts'
import type { OperationHint } from './write-operation.ts'

export type FinalStatus = 'succeeded' | 'failed' | 'cancelled' | 'unknown'

export interface OperationEnd {
  readonly status: FinalStatus
  readonly error: ErrorBody | null
  readonly at: number
  /** The node's word counts more than what the panel concluded from a call. */
  readonly isFromNode: boolean
}

const ACTIVE: readonly string[] = ['pending', 'running']

/** Ends an operation, with what that means for its server. An operation that ended already stays as it is. */
export async function finishOperation(
  ctx: Pick<Context, 'bus' | 'events' | 'now'>,
  change: Change,
  operation: Selectable<OperationsTable>,
  end: OperationEnd,
): Promise<void> {
  if (!canEnd(operation.status, end)) return
  const { trx, afterCommit } = change
  await trx
    .updateTable('operations')
    .set((eb) => ({
      status: end.status,
      error: end.error === null ? null : JSON.stringify({ code: end.error.code, message: end.error.message }),
      phase: 'finished',
      can_cancel: 0,
      finished_at: end.at,
      revision: eb('revision', '+', 1),
    }))
    .where('id', '=', operation.id)
    .execute()
  afterCommit(() => ctx.bus.publish('operations', { uuid: operation.uuid } satisfies OperationHint))
  await endOnServer(ctx, change, operation, end)
}

/** A node may correct a success that the panel took from the first answer, or a result that nobody knew. */
function canEnd(status: string, end: OperationEnd): boolean {
  if (ACTIVE.includes(status)) return true
  return end.isFromNode && end.status !== status && (status === 'succeeded' || status === 'unknown')
}

async function endOnServer(
  ctx: Pick<Context, 'bus' | 'events' | 'now'>,
  change: Change,
  operation: Selectable<OperationsTable>,
  end: OperationEnd,
): Promise<void> {
  if (operation.server_id === null) return
  const { trx } = change
  const server = await trx
    .selectFrom('servers')
    .select(['id', 'uuid', 'operation_uuid'])
    .where('id', '=', operation.server_id)
    .executeTakeFirst()
  if (!server) return

  const isInstall = operation.kind === 'install' || operation.kind === 'reinstall'
  if (server.operation_uuid === operation.uuid) {
    await trx
      .updateTable('servers')
      .set({
        operation_uuid: null,
        ...(isInstall && { install_state: end.status === 'succeeded' ? 'installed' : 'failed' }),
        ...(isInstall && end.status === 'succeeded' && { installed_at: end.at }),
      })
      .where('id', '=', server.id)
      .execute()
    await touchServer(ctx, change, server, 'node')
  }
  if (!isInstall && end.status === 'succeeded') return
  await ctx.events.append(trx, {
    type: `server:${operation.kind}.${end.status}`,
    serverId: server.id,
    nodeId: operation.node_id,
    userId: operation.user_id,
    data: {
      operation: operation.uuid,
      ...(end.error !== null && { code: end.error.code, message: end.error.message }),
    },
  })
}
