import { createHash } from 'node:crypto'
import type { Transaction } from 'kysely'
import type { Context } from '../context.ts'
import type { Database } from '../storage/schema.ts'
import { newUuid } from '../storage/uuid.ts'
import type { NewOperation } from './operation-runner.ts'

/** Who sees an operation change, and which one. */
export interface OperationHint {
  readonly uuid: string
  /** Only its progress changed, which is in memory where its node is connected. */
  readonly isProgress?: boolean
}

/** Writes an operation, before anything of it is sent. The body is what every sending of it carries, byte for byte. */
export async function writeOperation(
  ctx: Pick<Context, 'now' | 'store'>,
  trx: Transaction<Database>,
  operation: NewOperation,
): Promise<string> {
  const uuid = newUuid()
  const body = JSON.stringify({
    method: operation.method,
    params: {
      ...operation.params,
      operation: uuid,
      requestedBy: operation.requestedBy,
      lifetimeMs: operation.lifetimeMs,
    },
  })
  await trx
    .insertInto('operations')
    .values({
      uuid,
      kind: operation.kind,
      class: operation.class,
      status: 'pending',
      server_id: operation.serverId,
      node_id: operation.nodeId,
      user_id: operation.userId,
      permission: operation.permission,
      phase: 'queued',
      progress: null,
      body_hash: createHash('sha256').update(body).digest('hex'),
      body,
      can_cancel: operation.canCancel ? 1 : 0,
      sent_at: null,
      error: null,
      created_at: ctx.now(),
      finished_at: null,
      revision: 1,
    })
    .execute()
  return uuid
}
