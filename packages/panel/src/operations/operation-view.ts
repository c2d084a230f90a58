import { sql, type Expression, type SqlBool } from 'kysely'
import type { Operation } from '@hatchery/core/api'
import type { Context } from '../context.ts'
import type { OperationProgress } from './operation-progress.ts'

export function selectOperations(ctx: Pick<Context, 'db'>) {
  return ctx.db
    .selectFrom('operations')
    .leftJoin('servers', 'servers.id', 'operations.server_id')
    .leftJoin('nodes', 'nodes.id', 'operations.node_id')
    .leftJoin('users', 'users.id', 'operations.user_id')
    .select([
      'operations.id',
      'operations.uuid',
      'operations.kind',
      'operations.status',
      'operations.server_id',
      'operations.node_id',
      'operations.user_id',
      'operations.permission',
      'operations.phase',
      'operations.progress',
      'operations.can_cancel',
      'operations.sent_at',
      'operations.error',
      'operations.created_at',
      'operations.finished_at',
      'operations.revision',
      'servers.uuid as server_uuid',
      'servers.name as server_name',
      'nodes.uuid as node_uuid',
      'users.uuid as user_uuid',
      'users.username as user_username',
      'users.email as user_email',
    ])
}

/**
 * What people call a job: a console line is none, and a click on start or stop only when it failed, because its success is the
 * state of the server. Every operation can be read by its id.
 */
export function isJob(): Expression<SqlBool> {
  return sql<SqlBool>`(operations.kind <> 'command' and (operations.kind not like 'power.%' or operations.status = 'failed'))`
}

export type OperationViewRow = Awaited<ReturnType<ReturnType<typeof selectOperations>['execute']>>[number]

/** An operation as callers see it; what its node said since the last write comes from memory. */
export function toOperation(row: OperationViewRow, progress: OperationProgress | undefined): Operation {
  const live = row.finished_at === null ? progress : undefined
  return {
    id: row.uuid,
    kind: row.kind,
    status: row.status as Operation['status'],
    server: row.server_uuid,
    serverName: row.server_name,
    node: row.node_uuid,
    phase: live?.phase ?? row.phase,
    progress: live?.progress ?? (row.progress === null ? null : (JSON.parse(row.progress) as Operation['progress'])),
    canCancel: row.can_cancel === 1 && row.finished_at === null,
    error: row.error === null ? null : (JSON.parse(row.error) as Operation['error']),
    startedBy:
      row.user_uuid === null || row.user_username === null || row.user_email === null
        ? null
        : { id: row.user_uuid, username: row.user_username, email: row.user_email },
    createdAt: row.created_at,
    finishedAt: row.finished_at,
    revision: row.revision,
  }
}
