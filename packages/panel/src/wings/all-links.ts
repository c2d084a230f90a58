import type { EphemeralEvent } from '@hatchery/core/protocol'
import { createAgentLinks, type AgentLinks, type ReadySession } from '../nodes/agent-links.ts'
import type { BaseContext } from '../services.ts'
import { WingsLinks } from './wings-links.ts'

/** The links to every node, whichever kind it is; nobody above sees the difference. */
export function createNodeLinks(ctx: BaseContext): AgentLinks {
  const agents = createAgentLinks(ctx)
  const ephemeral = new Set<(node: number, event: EphemeralEvent) => void>()
  const status = new Set<(node: number, isConnected: boolean) => void>()
  const ready = new Set<(node: ReadySession) => void>()
  const wings = new WingsLinks(ctx, {
    onEphemeral: (node, event) => ephemeral.forEach((listener) => listener(node, event)),
    onStatus: (node, isConnected) => status.forEach((listener) => listener(node, isConnected)),
    onReady: (node) => ready.forEach((listener) => listener(node)),
  })
  /** Listens to both kinds. @returns ends it */
  const both = <L>(own: Set<L>, listener: L, stopAgents: () => void) => {
    own.add(listener)
    return () => {
      own.delete(listener)
      stopAgents()
    }
  }

  return {
    of: (node) => wings.of(node) ?? agents.of(node),
    holds: (node) => wings.of(node)?.isConnected ?? agents.holds(node),
    lendTicket: (node) => agents.lendTicket(node),
    sessionEpochOf: (node) => wings.of(node)?.sessionEpoch ?? agents.sessionEpochOf(node),
    onEphemeral: (listener) => both(ephemeral, listener, agents.onEphemeral(listener)),
    onStatus: (listener) => both(status, listener, agents.onStatus(listener)),
    onReady: (listener) => both(ready, listener, agents.onReady(listener)),
    handleUpgrade: (request, socket, head) => agents.handleUpgrade(request, socket, head),
    disconnect(node, reason) {
      agents.disconnect(node, reason)
      wings
        .of(node)
        ?.disconnect(reason)
        .catch((error: unknown) => {
          ctx.log.error({ err: error, node }, 'a Wings node could not be let go')
        })
    },
    async start() {
      await agents.start()
      await wings.start()
    },
    async close() {
      await wings.close()
      await agents.close()
    },
  }
}
