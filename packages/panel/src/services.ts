import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Context } from './context.ts'
import { RepositoryWorker } from './egg-repositories/repository-worker.ts'
import { SharedLinks, type InstanceParts } from './instances/shared-links.ts'
import { createLiveChannel, type LiveChannel } from './live/live-channel.ts'
import type { AgentLinks } from './nodes/agent-links.ts'
import { createOperationRunner } from './operations/node-operation-runner.ts'
import { createSummaryCache } from './servers/summary-cache.ts'
import { AccessRevoker } from './ssh-access/access-revoker.ts'
import { CredentialExpiry } from './ssh-access/expire-credentials.ts'
import { createNodeLinks } from './wings/all-links.ts'

/** What `createPanel()` builds before its services. */
export type BaseContext = Omit<Context, 'nodes' | 'operations' | 'summaries'>

/** The parts of the panel that live as long as it does: links to nodes, jobs under way, live channels. */
export interface Services {
  readonly context: Context
  /** Takes up work that was left unfinished; called once, before the panel listens. */
  start(): Promise<void>
  /**
   * Answers a WebSocket upgrade for `/api/agent/link` and `/api/v1/live`, paths without the host's prefix.
   * @returns false when the path is none of ours; the socket is untouched then
   */
  handleUpgrade(path: string, request: IncomingMessage, socket: Duplex, head: Buffer): boolean
  close(): Promise<void>
}

/** @param instances how this instance reaches the others; null when it works alone */
export function createServices(base: BaseContext, instances: InstanceParts | null = null): Services {
  const local: AgentLinks = createNodeLinks(base)
  const links: AgentLinks = instances ? new SharedLinks(base, local, instances) : local
  const withLinks = { ...base, nodes: links, summaries: createSummaryCache(base) }
  const operations = createOperationRunner(withLinks)
  const context: Context = { ...withLinks, operations }
  const revoker = new AccessRevoker(context, links)
  const expiry = new CredentialExpiry(context)
  const live: LiveChannel = createLiveChannel(context)
  const repositories = new RepositoryWorker(context)
  links.onReady((session) => operations.onConnected(session))
  links.onStatus((node) => {
    if (!links.holds(node)) operations.forgetNode(node)
  })

  return {
    context,
    async start() {
      await links.start()
      await operations.start()
      live.start()
      repositories.start()
      expiry.start()
    },
    handleUpgrade(path, request, socket, head) {
      if (path === '/api/agent/link') links.handleUpgrade(request, socket, head)
      else if (path === '/api/v1/live') live.handleUpgrade(request, socket, head)
      else return false
      return true
    },
    async close() {
      await repositories.close()
      await expiry.close()
      await revoker.close()
      await live.close()
      await operations.close()
      await links.close()
    },
  }
}
