import type { listOperations as ListOperations, Operation, QueryOf } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import {
  ADMIN_PERMISSIONS,
  SERVER_PERMISSIONS,
  type AdminPermission,
  type ServerPermission,
} from '@hatchery/core/permissions'
import { authorizeServer, isAllowedAdmin } from '../access/authorize.ts'
import { actorOf, isAdmin } from '../activity/actor.ts'
import type { RequestContext } from '../context.ts'
import { decodeCursor, encodeCursor } from '../http/cursor.ts'
import { finishOperation } from './finish-operation.ts'
import { isJob, selectOperations, toOperation, type OperationViewRow } from './operation-view.ts'

const ACTIVE = ['pending', 'running'] as const

export async function listOperations(ctx: RequestContext, query: QueryOf<typeof ListOperations>) {
  const limit = query.limit ?? 25
  let select = selectOperations(ctx)
    .where(isJob())
    .orderBy('operations.id', 'desc')
    .limit(limit + 1)
  if (query.cursor !== undefined) select = select.where('operations.id', '<', decodeCursor(query.cursor, 'number')[0])
  if (query.status === 'active') select = select.where('operations.status', 'in', ACTIVE)
  if (query.status === 'finished') select = select.where('operations.status', 'not in', ACTIVE)
  if (query.server !== undefined) select = select.where('servers.uuid', '=', query.server)
  if (!isAllowedAdmin(ctx.principal, 'operations.read')) {
    const userId = actorOf(ctx).userId ?? 0
    select = select.where('operations.server_id', 'in', (eb) =>
      eb.selectFrom('server_access').select('server_access.server_id').where('server_access.user_id', '=', userId),
    )
  }
  const rows = await select.execute()
  const page = rows.slice(0, limit)
  return {
    data: page.map((row) => toOperation(row, ctx.operations.progressOf(row.uuid))),
    nextCursor: rows.length > limit ? encodeCursor(page.at(-1)!.id) : null,
  }
}

export async function readOperation(ctx: RequestContext, uuid: string): Promise<Operation> {
  const row = await findOperation(ctx, uuid)
  return toOperation(row, ctx.operations.progressOf(uuid))
}

/** An operation that the caller may know of. */
async function findOperation(ctx: RequestContext, uuid: string): Promise<OperationViewRow> {
  const row = await selectOperations(ctx).where('operations.uuid', '=', uuid).executeTakeFirst()
  if (!row || !(await isVisible(ctx, row))) throw new AppError('OPERATION_NOT_FOUND', { id: uuid })
  return row
}

async function isVisible(ctx: RequestContext, row: OperationViewRow): Promise<boolean> {
  const { userId } = actorOf(ctx)
  if (isAdmin(ctx) || (row.user_id !== null && row.user_id === userId)) return true
  if (row.server_id === null) return false
  const access = await ctx.db
    .selectFrom('server_access')
    .select('user_id')
    .where('server_id', '=', row.server_id)
    .where('user_id', '=', userId ?? 0)
    .executeTakeFirst()
  return access !== undefined
}

/** Cancels a job; it needs the permission that started it. What was not sent ends at once, the rest when the node says so. */
export async function cancelOperation(ctx: RequestContext, uuid: string): Promise<Operation> {
  const row = await findOperation(ctx, uuid)
  await requirePermission(ctx, row)
  if (row.finished_at !== null) throw new AppError('OPERATION_FINISHED', { id: uuid })
  if (row.can_cancel === 0) throw new AppError('PERMISSION_DENIED', { permission: 'to cancel it, which nobody has' })

  const wasWaiting = await ctx.store.transaction(async (trx, afterCommit) => {
    if (row.node_id !== null) await ctx.store.lockRow(trx, 'nodes', row.node_id)
    const current = await trx.selectFrom('operations').selectAll().where('id', '=', row.id).executeTakeFirstOrThrow()
    if (current.finished_at !== null) throw new AppError('OPERATION_FINISHED', { id: uuid })
    // What the panel does itself stops by itself when it sees this.
    if (current.sent_at !== null && current.node_id !== null) return false
    const end = { status: 'cancelled', error: null, at: ctx.now(), isFromNode: false } as const
    await finishOperation(ctx, { trx, afterCommit }, current, end)
    return true
  })
  if (!wasWaiting) await ctx.nodes.of(row.node_id ?? 0).call('operation.cancel', { operation: uuid })
  return readOperation(ctx, uuid)
}

/** A permission that this version does not know is nobody's. */
async function requirePermission(ctx: RequestContext, row: OperationViewRow): Promise<void> {
  const [kind, permission = ''] = row.permission.split(':')
  if (kind === 'server' && row.server_uuid !== null && isServerPermission(permission)) {
    await authorizeServer(ctx, ctx.principal, row.server_uuid, permission)
    return
  }
  if (kind === 'admin' && isAdminPermission(permission) && isAllowedAdmin(ctx.principal, permission)) return
  throw new AppError('PERMISSION_DENIED', { permission })
}

const isServerPermission = (name: string): name is ServerPermission => Object.hasOwn(SERVER_PERMISSIONS, name)
const isAdminPermission = (name: string): name is AdminPermission => Object.hasOwn(ADMIN_PERMISSIONS, name)
