import type { IncomingMessage } from 'node:http'
import type { Principal } from './principal.ts'

/** How a host that embeds the panel signs people in. */
export type HostAuthentication = (
  request: IncomingMessage,
) => Promise<{ readonly userUuid: string } | null> | { readonly userUuid: string } | null

export interface Identity {
  /**
   * The principal of a request or WebSocket upgrade; `anonymous` without credentials.
   * @throws AppError `NOT_SIGNED_IN` when credentials were sent that are not valid (any more)
   */
  authenticate(request: IncomingMessage): Promise<Principal>
}
