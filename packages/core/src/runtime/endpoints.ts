import type { ServerId } from './runtime.ts'

/** The address a player uses; the allocation is a request (DESIGN 6). */
export interface Endpoint {
  readonly host: string
  readonly port: number
  readonly protocols: readonly ('tcp' | 'udp')[]
  /** It stays the same over restarts. */
  readonly stable: boolean
}

export interface Endpoints {
  of(server: ServerId): Promise<readonly Endpoint[]>
  /** Ports of `wanted` that another program on the machine holds. */
  conflicts(wanted: readonly { readonly ip: string; readonly port: number }[]): Promise<readonly number[]>
}
