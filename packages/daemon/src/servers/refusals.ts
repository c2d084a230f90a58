import { AppError } from '@hatchery/core/errors'
import type { Refusal } from '@hatchery/core/server'

/** The error that a refused request is answered with. */
export function refuse(server: string, reason: Refusal): AppError {
  switch (reason.code) {
    case 'SERVER_SUSPENDED':
      return new AppError('SERVER_SUSPENDED', { id: server, holds: reason.holds })
    case 'SERVER_BUSY':
      return new AppError('SERVER_BUSY', { id: server, state: reason.state })
    case 'SERVER_NOT_INSTALLED':
      return new AppError('SERVER_NOT_INSTALLED', { id: server })
    case 'SERVER_NOT_FOUND':
      return new AppError('SERVER_NOT_FOUND', { id: server })
    case 'INSTALLATION_MISMATCH':
      return new AppError('INSTALLATION_MISMATCH')
    default:
      return reason satisfies never
  }
}
