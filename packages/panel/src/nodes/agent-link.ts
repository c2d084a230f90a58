import { AppError, errorRow } from '@hatchery/core/errors'
import {
  createDataTicket,
  type AgentMethod,
  type AgentParams,
  type AgentResult,
  type CallOptions,
  type DataStreamOptions,
  type DataTicket,
  type PanelSession,
} from '@hatchery/core/protocol'
import type { NodeLink, NodeLinkCapabilities } from './node-link.ts'

const CAPABILITIES: NodeLinkCapabilities = {
  schedules: 'node',
  backups: 'node',
  durableEvents: true,
  appliesSpecs: true,
}

/** The panel's end of one node's connection; it stays the same object while connections come and go. */
export class AgentLink implements NodeLink {
  readonly node: number
  readonly capabilities = CAPABILITIES
  readonly #nameOf: (node: number) => Promise<string>
  #session: PanelSession | null = null

  constructor(node: number, nameOf: (node: number) => Promise<string>) {
    this.node = node
    this.#nameOf = nameOf
  }

  get isConnected(): boolean {
    return this.#session !== null
  }

  get session(): PanelSession | null {
    return this.#session
  }

  /** Takes a proven connection; the one before is closed. */
  connect(session: PanelSession): void {
    const before = this.#session
    this.#session = session
    before?.close('replaced by a newer connection of this node')
  }

  /** @returns whether this was the connection in use */
  disconnect(session: PanelSession): boolean {
    if (this.#session !== session) return false
    this.#session = null
    return true
  }

  async call<M extends AgentMethod>(method: M, params: AgentParams<M>, options?: CallOptions): Promise<AgentResult<M>> {
    const session = this.#session
    if (!session) throw new AppError('NODE_UNREACHABLE', { node: await this.#nameOf(this.node) })
    try {
      return await session.call(method, params, options)
    } catch (error) {
      throw await this.#explain(error, method)
    }
  }

  async openTicket(options?: DataStreamOptions): Promise<DataTicket> {
    const session = this.#session
    if (!session) throw new AppError('NODE_UNREACHABLE', { node: await this.#nameOf(this.node) })
    return createDataTicket(session, options)
  }

  /** Words of the link become words about the node; what the node itself answered stays as it is. */
  async #explain(error: unknown, method: AgentMethod): Promise<unknown> {
    if (!(error instanceof AppError)) return error
    const code: string = error.code
    switch (code) {
      case 'CONNECTION_LOST':
      case 'DEADLINE_EXCEEDED':
        return new AppError('NODE_TIMEOUT', { node: await this.#nameOf(this.node) }, { cause: error })
      case 'METHOD_UNKNOWN':
        return new AppError(
          'NODE_UNSUPPORTED',
          { node: await this.#nameOf(this.node), capability: method },
          { cause: error },
        )
      default:
        if (errorRow(code) && code !== 'INTERNAL') return error
        return new AppError(
          'NODE_REFUSED',
          { node: await this.#nameOf(this.node), reason: error.message },
          { cause: error },
        )
    }
  }
}
