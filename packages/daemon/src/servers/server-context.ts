import type { Logger } from 'pino'
import type { EphemeralEvent } from '@hatchery/core/protocol'
import type { Endpoints, FileTree, Runtime, ServerId, Volume, Volumes } from '@hatchery/core/runtime'
import type { AgentState } from '../state/agent-state.ts'

/** The panel, as far as a server sees it: connected or not. */
export interface PanelFeed {
  /** Sends at once or never; nothing waits for it. */
  emit(event: EphemeralEvent): void
  /** The connection takes no more console output of this server for now. */
  isCongested(server: ServerId): boolean
  /** The outbox has new events. */
  flush(): void
}

/** Everything a server's supervision may touch. Built once, in `createDaemon`. */
export interface ServerContext {
  readonly state: AgentState
  readonly runtime: Runtime
  readonly volumes: Volumes
  /** The files of a server, as the identity it runs under. */
  readonly files: (volume: Volume, owner: { readonly uid: number; readonly gid: number }) => FileTree
  readonly endpoints: Endpoints
  readonly panel: PanelFeed
  readonly now: () => number
  readonly log: Logger
  /** Directory of the console logs, one below it per server. */
  readonly consoleDirectory: string
  /** Changes with every boot of the machine; what ran under another one was interrupted. */
  readonly bootId: string
  /** False while the agent only attaches to what runs (RULES 3, 10). */
  readonly mayStart: boolean
  /** Fires when the agent stops: nothing is started any more, and what ends now was interrupted. */
  readonly stopping: AbortSignal
  readonly uids: { readonly first: number; readonly count: number }
  /** CIDR range that the /28 networks of servers are taken from; null gives out none. */
  readonly subnetRange: string | null
  readonly installDeadlineMs: number
  /** Called in the transaction that removes a server which was deleted. */
  readonly onRemoved?: (server: ServerId) => void
}
