import { randomBytes } from 'node:crypto'
import type { Freshness } from './handshake.ts'
import { systemTimers, type Timers } from './timers.ts'

/** What both ends of a link can be told; the defaults fit production. */
export interface LinkOptions {
  /** Milliseconds since 1970 by this side's clock. */
  now(): number
  /** Oldest protocol version that is spoken. @default 1 */
  readonly minimumVersion?: number
  /** Features the other side must have. @default none */
  readonly requiredFeatures?: readonly string[]
  /** @default 10_000 for the panel, 15_000 for the agent */
  readonly handshakeTimeoutMs?: number
  /** Interval of pings; the link ends when nothing came for more than three of them. @default 10_000 */
  readonly heartbeatMs?: number
  /** Calls under way at once. @default 128 */
  readonly maxCalls?: number
  /** Calls of the agent to the panel that are under way at once; the panel refuses more than twice as many. @default 32 */
  readonly maxPanelCalls?: number
  readonly timers?: Timers
  readonly randomBytes?: (size: number) => Uint8Array
  /** Told about bugs: what a handler threw that is no AppError. @default console.error */
  onFault?(error: unknown, where: string): void
}

export interface LinkDefaults {
  readonly minimumVersion: number
  readonly heartbeatMs: number
  readonly maxCalls: number
  readonly maxPanelCalls: number
  readonly timers: Timers
  readonly onFault: (error: unknown, where: string) => void
  readonly freshness: Freshness
}

export function withDefaults(options: LinkOptions): LinkDefaults {
  const random = options.randomBytes ?? randomBytes
  return {
    minimumVersion: options.minimumVersion ?? 1,
    heartbeatMs: options.heartbeatMs ?? 10_000,
    maxCalls: options.maxCalls ?? 128,
    maxPanelCalls: options.maxPanelCalls ?? 32,
    timers: options.timers ?? systemTimers,
    onFault: options.onFault?.bind(options) ?? ((error, where) => console.error(`protocol: ${where}`, error)),
    freshness: { challenge: random(32), privateKey: random(32) },
  }
}
