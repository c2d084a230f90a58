import { AppError } from '@hatchery/core/errors'
import type { AgentHello, PanelHello } from '@hatchery/core/protocol'
import type { Context } from '../context.ts'
import { compareGenerations } from '../servers/touch-server.ts'

export interface Welcome {
  readonly node: { readonly id: number; readonly uuid: string; readonly name: string }
  readonly hello: PanelHello
}

interface Refusal {
  readonly refused: AppError
}

/**
 * Decides about an agent that has proved its secret: whether its installation is the node's own, whether the panel is older
 * than what the agent has seen (RULES 1), and from which event on it shall send (RULES 9). Every welcome takes a new session
 * epoch, so that of two connections everybody knows the newer one (RULES 13).
 */
export async function welcomeAgent(
  ctx: Pick<Context, 'store' | 'events' | 'now' | 'config' | 'bus'>,
  uuid: string,
  keyId: string,
  hello: AgentHello,
): Promise<Welcome> {
  const outcome = await ctx.store.transaction(async (trx, afterCommit): Promise<Welcome | Refusal> => {
    const found = await trx.selectFrom('nodes').select('id').where('uuid', '=', uuid).executeTakeFirst()
    if (!found) return { refused: new AppError('NODE_NOT_FOUND', { id: uuid }) }
    await ctx.store.lockRow(trx, 'nodes', found.id)
    const node = await trx.selectFrom('nodes').selectAll().where('id', '=', found.id).executeTakeFirstOrThrow()

    if (node.installation !== null && node.installation !== hello.installation) {
      await ctx.events.append(trx, {
        type: 'node:installation-refused',
        nodeId: node.id,
        data: { installation: hello.installation, hostname: hello.host.hostname },
      })
      return { refused: new AppError('INSTALLATION_MISMATCH') }
    }

    const isSameOutbox = node.incarnation === hello.incarnation
    const storedSeq = isSameOutbox ? node.stored_seq : 0
    const isBehind = isPanelBehind(node, hello, isSameOutbox)
    if (isBehind && node.is_recovery === 0) {
      await ctx.events.append(trx, {
        type: 'node:recovery',
        nodeId: node.id,
        data: { theirs: hello.highestGeneration, ours: { epoch: node.panel_epoch, n: node.generation_n } },
      })
    }
    const isRecovery = isBehind || node.is_recovery === 1
    const sessionEpoch = node.session_epoch + 1
    // The new epoch of a confirmation must be above everything the agent has seen.
    const panelEpoch = isBehind ? Math.max(node.panel_epoch, hello.highestGeneration.epoch) : node.panel_epoch
    const usesNewKey = keyId === node.key_id

    await trx
      .updateTable('nodes')
      .set((eb) => ({
        session_epoch: sessionEpoch,
        panel_epoch: panelEpoch,
        instance: ctx.config.instance,
        instance_address: ctx.config.internalAddress,
        installation: hello.installation,
        is_recovery: isRecovery ? 1 : 0,
        incarnation: hello.incarnation,
        stored_seq: storedSeq,
        host: JSON.stringify(hello.host),
        last_seen_at: ctx.now(),
        revision: eb('revision', '+', 1),
        ...(usesNewKey && { previous_key_id: null, previous_secret_encrypted: null }),
      }))
      .where('id', '=', node.id)
      .execute()
    await ctx.events.append(trx, { type: 'node:connected', nodeId: node.id, data: { sessionEpoch } })
    afterCommit(() => ctx.bus.publish('nodes', { id: node.id, uuid: node.uuid }))

    return {
      node: { id: node.id, uuid: node.uuid, name: node.name },
      hello: {
        node: node.uuid,
        panelEpoch,
        sessionEpoch,
        storedSeq,
        wantsSnapshot: !isSameOutbox || isRecovery,
        isRecovery,
      },
    }
  })
  if ('refused' in outcome) throw outcome.refused
  return outcome
}

/** The agent has seen more than the panel knows: the panel's database is an old copy. */
function isPanelBehind(
  node: { readonly panel_epoch: number; readonly generation_n: number; readonly stored_seq: number },
  hello: AgentHello,
  isSameOutbox: boolean,
): boolean {
  if (compareGenerations(hello.highestGeneration, { epoch: node.panel_epoch, n: node.generation_n }) > 0) return true
  return isSameOutbox && hello.acknowledgedSeq > node.stored_seq
}
