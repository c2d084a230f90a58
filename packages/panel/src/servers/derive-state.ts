import type { ServerState } from '@hatchery/core/api'

export interface StateColumns {
  readonly process_state: string
  readonly install_state: string
}

/**
 * What a server shows: holds first, then the installation, then what the node said last. The node's own word is kept beside
 * it, so that lifting a hold shows the truth again without asking anybody.
 */
export function deriveState(server: StateColumns, holds: number): ServerState {
  if (holds > 0) return 'suspended'
  if (server.install_state === 'installing') return 'installing'
  // A node that lost the server's files says `none`: it has to be installed again.
  if (server.install_state !== 'installed') return 'install_failed'
  return server.process_state as ServerState
}
