import type {
  AgentMethod,
  AgentParams,
  AgentResult,
  CallOptions,
  DataStreamOptions,
  DataTicket,
  EphemeralEvent,
} from '@hatchery/core/protocol'

/**
 * How the panel reaches one node. `AgentLink` speaks our protocol over the agent's own socket; `WingsLink` speaks HTTP to an
 * unmodified Wings. Services see this interface only.
 */
export interface NodeLink {
  readonly node: number
  readonly capabilities: NodeLinkCapabilities
  readonly isConnected: boolean
  /** @throws AppError `NODE_UNREACHABLE`, `NODE_TIMEOUT`, `NODE_UNSUPPORTED`, or what the node answered */
  call<M extends AgentMethod>(method: M, params: AgentParams<M>, options?: CallOptions): Promise<AgentResult<M>>
  /**
   * A ticket for one data socket; it goes to the node with a call, and the node opens the socket.
   * @throws AppError `NODE_UNREACHABLE`, `NODE_UNSUPPORTED`
   */
  openTicket(options?: DataStreamOptions): Promise<DataTicket>
}

export interface NodeLinkCapabilities {
  /** Who fires schedules and keeps events while the panel is away. */
  readonly schedules: 'node' | 'panel'
  readonly backups: 'node' | 'panel'
  /** Events are kept until acknowledged. */
  readonly durableEvents: boolean
  /** Specs are sent whole; a Wings node fetches its own. */
  readonly appliesSpecs: boolean
}

export interface NodeLinks {
  /** The link of a node; it exists while the node does, connected or not. */
  of(node: number): NodeLink
  /** Console, stats and progress of every connected node. */
  onEphemeral(listener: (node: number, event: EphemeralEvent) => void): () => void
  /** Called when a node connects or disconnects. */
  onStatus(listener: (node: number, isConnected: boolean) => void): () => void
  /** Closes the socket of a node that was deleted or locked. */
  disconnect(node: number, reason: string): void
  close(): Promise<void>
}
