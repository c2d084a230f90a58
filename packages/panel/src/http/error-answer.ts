import { AppError } from '@hatchery/core/errors'
import type { Logger } from 'pino'

export interface ErrorReply {
  readonly status: number
  readonly json: string
  readonly retryAfterSeconds: number | null
}

/** Turns whatever was thrown into the one shape of errors. What is no `AppError` is a bug: logged, and told to nobody. */
export function errorReply(thrown: unknown, requestId: string, log: Logger): ErrorReply {
  const error = thrown instanceof AppError ? thrown : fromFramework(thrown)
  if (!error) log.error({ err: thrown, requestId }, 'a request failed')
  else if (error.code === 'INTERNAL') log.error({ err: error, requestId }, 'a request failed')
  const known =
    error ??
    (isUnreachable(thrown)
      ? new AppError('SERVICE_UNAVAILABLE', { reason: 'the database does not answer' })
      : new AppError('INTERNAL'))
  const retryAfter = known.details['retryAfterSeconds']
  return {
    status: known.status,
    json: JSON.stringify({ error: { ...known.toBody(), requestId } }),
    retryAfterSeconds: typeof retryAfter === 'number' ? retryAfter : null,
  }
}

/** The database cannot be reached or is shutting down, as its clients and the system say it. */
const UNREACHABLE: ReadonlySet<unknown> = new Set(
  'ECONNREFUSED ECONNRESET EPIPE ETIMEDOUT ENOTFOUND EHOSTUNREACH PROTOCOL_CONNECTION_LOST 57P01 57P02 57P03 53300 08001 08006'.split(
    ' ',
  ),
)

function isUnreachable(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && !('statusCode' in thrown) && UNREACHABLE.has(thrown.code)
}

/** Errors of the web framework that are the caller's. */
function fromFramework(thrown: unknown): AppError | null {
  if (!(thrown instanceof Error) || !('statusCode' in thrown)) return null
  const status = thrown.statusCode
  if (status === 413) {
    const limitBytes = 'limitBytes' in thrown ? Number(thrown.limitBytes) : 0
    return new AppError('BODY_TOO_LARGE', { limitBytes })
  }
  if (status === 415) return new AppError('BAD_REQUEST', { reason: 'the body must be application/json' })
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new AppError('BAD_REQUEST', { reason: reasonOf(thrown) })
  }
  return null
}

function reasonOf(error: Error): string {
  return error.message.replace(/\.$/, '').replace(/^./, (letter) => letter.toLowerCase())
}
