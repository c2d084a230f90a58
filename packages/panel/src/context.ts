import type { Kysely } from 'kysely'
import type { Logger } from 'pino'
import type { Bus } from './bus/bus.ts'
import type { EventLog } from './events/event-log.ts'
import type { SecretBox } from './secrets/secret-box.ts'
import type { Database } from './storage/schema.ts'
import type { SignInThrottle } from './sessions/sign-in-throttle.ts'
import type { Store } from './storage/store.ts'
import type { Identity } from './access/identity.ts'
import type { Principal } from './access/principal.ts'
import type { Revocations } from './access/revocations.ts'
import type { NodeLinks } from './nodes/node-link.ts'
import type { OutboundClient } from './outbound/outbound-client.ts'
import type { OperationRunner } from './operations/operation-runner.ts'
import type { SummaryCache } from './servers/summary-cache.ts'

/** Everything a use case may touch. Built once, in `create-panel.ts`. */
export interface Context {
  /** Reads. Throws while a transaction of this context is open; use `trx` there. */
  readonly db: Kysely<Database>
  readonly store: Store
  readonly bus: Bus
  /** Appends typed rows to the event log, inside the transaction that made the change. */
  readonly events: EventLog
  readonly secrets: SecretBox
  /** Who makes a request: sessions, API keys and the host's own sign-in. */
  readonly identity: Identity
  /** What was taken away; live channels listen here. */
  readonly revocations: Revocations
  /** Slows down guessing at passwords. */
  readonly signIns: SignInThrottle
  readonly nodes: NodeLinks
  /** Sends durable operations to nodes; built with `nodes` and `summaries` by `createServices` (services.ts). */
  readonly operations: OperationRunner
  /** Serialised rows of the server list, by revision. */
  readonly summaries: SummaryCache
  /** The way to addresses that a person wrote; nothing else in the panel fetches from such a place. */
  readonly outbound: OutboundClient
  readonly now: () => number
  readonly log: Logger
  readonly config: PanelConfig
}

/** A use case's context for one request: who asks, from where. */
export interface RequestContext extends Context {
  readonly principal: Principal
  readonly requestId: string
  readonly ip: string
  readonly userAgent: string
  /** The caller's side of the connection is encrypted. */
  readonly isSecure: boolean
  /** The server named by the path, where the contract's permission is one of a server; already checked. */
  readonly server: AuthorizedServer | null
  /** The value of a cookie of this request. */
  cookie(name: string): string | undefined
  /** A header of this request that was sent once; the name in lower case. */
  header(name: string): string | undefined
}

export interface AuthorizedServer {
  readonly id: number
  readonly uuid: string
  /** What the caller may do here: permission names, or `['*']` for owner and administrators. */
  readonly permissions: readonly string[]
}

export interface PanelConfig {
  readonly panelName: string
  /** Origin that browsers use, such as `https://panel.example.com`; null accepts the request's own host. */
  readonly publicUrl: string | null
  readonly allowedOrigins: readonly string[]
  /** Further names that the panel answers to: `panel.lan`, `*.example.com`, or `*` for any. */
  readonly allowedHosts: readonly string[]
  /** Addresses or CIDR blocks whose `X-Forwarded-*` headers are believed. */
  readonly trustedProxies: readonly string[]
  readonly sessionLifetimeMs: number
  /** This process; no other one has had or will have the name. */
  readonly instance: string
  /** Where other instances reach this one; null when it works alone. */
  readonly internalAddress: string | null
}
