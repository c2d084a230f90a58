import { randomUUID } from 'node:crypto'
import type { Context } from '../../context.ts'
import { finishOperation } from '../../operations/finish-operation.ts'
import type { WingsNode } from '../wings-secret.ts'
import { installEnd } from '../wings-operations.ts'

/**
 * Ends the installation that is under way on a server, from the panel's own record: any instance may be told, before it has a
 * link to the node too. Told again, or of an installation that nobody asked for, nothing happens.
 */
export async function finishInstall(ctx: Context, node: WingsNode, uuid: string, isSuccess: boolean): Promise<void> {
  const startsNow = await ctx.store.transaction(async (trx, afterCommit) => {
    const server = await trx
      .selectFrom('servers')
      .select('id')
      .where('uuid', '=', uuid)
      .where('node_id', '=', node.id)
      .executeTakeFirst()
    if (!server) return false
    await ctx.store.lockRow(trx, 'servers', server.id)
    const operation = await trx
      .selectFrom('servers')
      .innerJoin('operations', 'operations.uuid', 'servers.operation_uuid')
      .selectAll('operations')
      .where('servers.id', '=', server.id)
      .where('operations.kind', 'in', ['install', 'reinstall'])
      .executeTakeFirst()
    if (!operation) return false
    const end = installEnd(isSuccess ? 'succeeded' : 'failed')
    await finishOperation(ctx, { trx, afterCommit }, operation, { ...end, at: ctx.now(), isFromNode: true })
    const { params } = JSON.parse(operation.body) as { params: { startWhenInstalled?: boolean; isReinstall?: boolean } }
    // A new server is started by Wings itself.
    return isSuccess && params.startWhenInstalled === true && params.isReinstall === true
  })
  if (!startsNow) return
  const intent = { operation: randomUUID(), requestedBy: 'panel', lifetimeMs: null }
  await ctx.nodes.of(node.id).call('server.power', { server: uuid, action: 'start', ...intent })
}
