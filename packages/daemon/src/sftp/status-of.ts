import { AppError } from '@hatchery/core/errors'
import { STATUS, type SftpStatus } from './sftp-protocol.ts'

/** What a client is told of a failure. */
export interface Refusal {
  readonly status: SftpStatus
  readonly message: string
}

/** Errors that clients understand by number; all others are failures that say why in words. */
const STATUS_OF: Readonly<Partial<Record<string, SftpStatus>>> = {
  FILE_NOT_FOUND: STATUS.noSuchFile,
  FILE_DENIED: STATUS.permissionDenied,
  FILE_PROTECTED: STATUS.permissionDenied,
  PERMISSION_DENIED: STATUS.permissionDenied,
  PATH_OUTSIDE: STATUS.permissionDenied,
}

/** @returns null for what is a fault of ours, and no business of the client's */
export function statusOf(error: unknown): Refusal | null {
  if (error instanceof SftpRefusal) return error.refusal
  if (!(error instanceof AppError) || error.code === 'INTERNAL') return null
  return { status: STATUS_OF[error.code] ?? STATUS.failure, message: error.message }
}

/** A refusal that has a number of its own. */
export class SftpRefusal extends Error {
  override readonly name = 'SftpRefusal'
  readonly refusal: Refusal

  constructor(status: SftpStatus, message: string) {
    super(message)
    this.refusal = { status, message }
  }
}
