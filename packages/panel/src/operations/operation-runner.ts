import type { Transaction } from 'kysely'
import type { OperationClass } from '@hatchery/core/api'
import type { Database } from '../storage/schema.ts'
import type { OperationProgress } from './operation-progress.ts'

/** The calls that are written down before they are sent (RULES 4). */
export type DurableMethod =
  | 'server.install'
  | 'server.delete'
  | 'server.power'
  | 'server.command'
  | 'server.acceptEula'
  | 'files.copy'
  | 'files.pack'
  | 'files.unpack'
  | 'files.pull'
  | 'files.receive'

export interface NewOperation {
  /** `install`, `power.start`, `delete`, … */
  readonly kind: string
  readonly class: Exclude<OperationClass, 'read'>
  readonly method: DurableMethod
  /** Parameters of the call without those that every operation has. */
  readonly params: Readonly<Record<string, unknown>>
  /** Null for one that the panel has no row of. */
  readonly serverId: number | null
  readonly nodeId: number
  readonly userId: number | null
  /** Who asked, for the node's own log. */
  readonly requestedBy: string
  /** Permission that a cancel needs, `server:…` or `admin:…`. */
  readonly permission: string
  /** Null never expires. */
  readonly lifetimeMs: number | null
  readonly canCancel: boolean
}

/** Keeps the promise of every operation: written before it is sent, sent again as its class allows, ended exactly once. */
export interface OperationRunner {
  /** Writes an operation in the transaction of the change that needs it, and answers its uuid. */
  create(trx: Transaction<Database>, operation: NewOperation): Promise<string>
  /**
   * Sends a written operation to its node and waits for the node's first answer.
   * @throws AppError what the node answered, `NODE_UNREACHABLE` or `NODE_TIMEOUT`
   */
  send(uuid: string): Promise<void>
  /** Sends in the background; what cannot be sent now is sent when the node connects. */
  dispatch(uuid: string): void
  /** Sends the wanted level of a server to its node, in the background. */
  applySpec(serverId: number): void
  /** What the node said last of a job under way. */
  progressOf(uuid: string): OperationProgress | undefined
}
