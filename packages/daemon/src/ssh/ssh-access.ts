import type { SshCredential, SshIdentity } from '@hatchery/core/protocol'

export type { SshCredential, SshIdentity }

export interface SshQuestion {
  /** As the client gave it: `user.server`. */
  readonly username: string
  /** Where the client connects from. */
  readonly address: string
  readonly credential: SshCredential
}

/** Who may sign in over SSH. It is asked for every sign-in; nothing of its answers is kept beyond the connection. */
export interface SshAccess {
  /** Nobody can be let in while this is false. */
  readonly isReachable: boolean
  /**
   * @returns null when they do not fit
   * @throws AppError when nobody can say at the moment, such as `NODE_UNREACHABLE`
   */
  authenticate(question: SshQuestion, signal: AbortSignal): Promise<SshIdentity | null>
}
