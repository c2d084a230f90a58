import type { FastifyPluginAsync } from 'fastify'
import type { Level } from 'pino'
import type { HostAuthentication } from './access/identity.ts'
import type { Context } from './context.ts'
import type { BaseContext, Services } from './services.ts'
import type { Store } from './storage/store.ts'

export interface PanelOptions {
  /** `sqlite:<path>`, `postgres://…` or `mysql://…`, or a store that is open already and stays the caller's to close. */
  readonly database: string | Store
  /** 32 bytes, or the directory that holds them in `master.key` (made with mode 0600 when missing). */
  readonly masterKey: Uint8Array | { readonly directory: string }
  readonly redis?: string | null
  /** Origin that browsers use; without it, the request's own host is accepted. */
  readonly publicUrl?: string | null
  readonly allowedOrigins?: readonly string[]
  readonly trustedProxies?: readonly string[]
  readonly panelName?: string
  readonly log?: Level | 'silent'
  /** A host's own sign-in, asked before sessions and API keys. */
  readonly authenticate?: HostAuthentication
  /** Directory of the built web app. */
  readonly webRoot?: string | null
  readonly sessionLifetimeMs?: number
  /** Requests per minute of each class, or none. */
  readonly rateLimits?: Partial<Readonly<Record<'default' | 'auth' | 'write' | 'power' | 'expensive', number>>> | false
  readonly instance?: string
  readonly now?: () => number
  /** Pauses a sign-in that is slowed down; tests do not wait. */
  readonly pause?: (ms: number) => Promise<void>
  /** Replaces the services over the base; for tests of the base alone. */
  readonly services?: (base: BaseContext) => Services
}

export interface Panel {
  /** Mounts the panel in a Fastify app, encapsulated. */
  readonly plugin: FastifyPluginAsync
  readonly ctx: Context
  /** Serves by itself. @returns the address, such as `http://127.0.0.1:8080` */
  listen(options?: { readonly port?: number; readonly host?: string }): Promise<string>
  /** Ends requests, channels, timers and connections; leaves nothing open. */
  close(): Promise<void>
}
