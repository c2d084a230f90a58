import { AppError } from '@hatchery/core/errors'
import type { Principal } from '../access/principal.ts'
import type { Revocation, Revocations } from '../access/revocations.ts'

export interface AccessWatch {
  readonly principal: Principal
  /** Uuid of the server that the access is to. */
  readonly server: string | null
  /** Decides anew, from the credentials up. @throws AppError when the access has ended */
  readonly recheck: () => Promise<unknown>
  /** Called once, when it has ended. */
  readonly onLost: (error: AppError) => void
}

/**
 * Looks after access that something long stands on, such as a download: each time that something was taken away from this person,
 * or from anybody at this server, it is decided anew.
 * @returns ends it
 */
export function watchAccess(
  revocations: Revocations,
  { principal, server, recheck, onLost }: AccessWatch,
  onFault: (error: unknown) => void,
): () => void {
  const stop = revocations.onRevocation((revocation) => {
    if (!isConcerned(revocation, principal, server)) return
    recheck().catch((error: unknown) => {
      if (!(error instanceof AppError)) return onFault(error)
      stop()
      onLost(error)
    })
  })
  return stop
}

function isConcerned({ kind, subject }: Revocation, principal: Principal, server: string | null): boolean {
  switch (kind) {
    case 'user':
      return 'userUuid' in principal && principal.userUuid === subject
    case 'session':
    case 'api-key':
      return principal.kind === kind
    case 'server':
      return server === subject
    case 'node':
      return false
    default:
      return kind satisfies never
  }
}
