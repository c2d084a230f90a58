import { pino, type DestinationStream, type Level, type Logger } from 'pino'

const DEEPEST_CAUSE = 5

/** The panel's log: JSON lines, without credentials of requests and without values of failed statements. */
export function createLog(level: Level | 'silent', destination?: DestinationStream): Logger {
  const options = {
    level,
    redact: ['req.headers.authorization', 'req.headers.cookie'],
    serializers: { err: (error: unknown) => plainError(error, 0) },
  }
  return destination ? pino(options, destination) : pino(options)
}

/**
 * Database clients hang the whole statement with its values on their errors, hashes and sealed secrets among them: only
 * what says where it happened is logged.
 */
function plainError(error: unknown, depth: number): unknown {
  if (!(error instanceof Error)) return String(error)
  return {
    type: error.name,
    message: error.message,
    stack: error.stack,
    ...('code' in error ? { code: error.code } : {}),
    ...(error.cause !== undefined && depth < DEEPEST_CAUSE ? { cause: plainError(error.cause, depth + 1) } : {}),
  }
}
