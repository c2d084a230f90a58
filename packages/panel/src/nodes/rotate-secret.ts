import type { Node } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import { actorOf } from '../activity/actor.ts'
import type { RequestContext } from '../context.ts'
import { decodeNodeSecret, newKeyId, openNodeSecret, sealNodeSecret } from './node-secrets.ts'
import { readNode } from './service.ts'

/**
 * Gives a node another secret (RULES 15). Its agent makes and stores it and answers it over the encrypted session; then the
 * connection is closed, and the agent proves itself with the new one. Until it has, both are accepted, so that a fault at any
 * point of this leaves a node that connects.
 */
export async function rotateNodeSecret(ctx: RequestContext, uuid: string, signal: AbortSignal): Promise<Node> {
  const before = await ctx.db
    .selectFrom('nodes')
    .select(['id', 'name', 'kind', 'key_id', 'is_recovery'])
    .where('uuid', '=', uuid)
    .executeTakeFirst()
  if (!before) throw new AppError('NODE_NOT_FOUND', { id: uuid })
  if (before.kind !== 'agent') throw unsupported(before.name)
  if (before.is_recovery === 1) throw new AppError('NODE_IN_RECOVERY', { node: before.name })
  const keyId = newKeyId()
  const secret = await askAgent(ctx, before, keyId, signal)

  await ctx.store.transaction(async (trx, afterCommit) => {
    await ctx.store.lockRow(trx, 'nodes', before.id)
    const node = await trx.selectFrom('nodes').selectAll().where('id', '=', before.id).executeTakeFirst()
    // Enrolled anew or rotated by somebody else meanwhile: the secret may be another machine's.
    if (!node || node.key_id !== before.key_id || node.secret_encrypted === null || node.is_locked === 1) {
      throw new AppError('REVISION_MISMATCH')
    }
    // A rotation that the agent has not followed yet is replaced: what it connects with now stays valid.
    const isUnderWay = node.previous_key_id !== null && node.previous_secret_encrypted !== null
    const current = openNodeSecret(ctx, 'secret_encrypted', uuid, node.secret_encrypted)
    await trx
      .updateTable('nodes')
      .set((eb) => ({
        key_id: keyId,
        secret_encrypted: sealNodeSecret(ctx, 'secret_encrypted', uuid, secret),
        ...(!isUnderWay && {
          previous_key_id: node.key_id,
          previous_secret_encrypted: sealNodeSecret(ctx, 'previous_secret_encrypted', uuid, current),
        }),
        revision: eb('revision', '+', 1),
      }))
      .where('id', '=', node.id)
      .execute()
    await ctx.events.append(trx, { type: 'node:secret-rotated', ...actorOf(ctx), nodeId: node.id, data: { keyId } })
    afterCommit(() => ctx.bus.publish('nodes', { id: node.id, uuid }))
  })
  ctx.nodes.disconnect(before.id, 'the secret of the node was rotated; connect again')
  return readNode(ctx, uuid)
}

async function askAgent(
  ctx: RequestContext,
  node: { readonly id: number; readonly name: string },
  keyId: string,
  signal: AbortSignal,
): Promise<Uint8Array> {
  try {
    const { secret } = await ctx.nodes.of(node.id).call('node.rotateSecret', { keyId }, { signal })
    return decodeNodeSecret(secret)
  } catch (error) {
    if (error instanceof AppError && error.code === 'METHOD_UNKNOWN') throw unsupported(node.name)
    throw error
  }
}

function unsupported(node: string): AppError {
  return new AppError('NODE_UNSUPPORTED', { node, capability: 'rotating its secret' })
}
