import { AppError } from '@hatchery/core/errors'
import type { AgentSession } from '@hatchery/core/protocol'
import type { SshAccess } from './ssh-access.ts'

/** Asks the panel, over the session that is open at the moment. */
export function createPanelAccess(connection: { readonly session: AgentSession | null }): SshAccess {
  return {
    get isReachable() {
      return connection.session !== null
    },
    async authenticate(question, signal) {
      const { session } = connection
      if (!session) throw new AppError('NODE_UNREACHABLE', { node: 'of the panel' })
      return session.call('ssh.authenticate', question, { signal })
    },
  }
}
