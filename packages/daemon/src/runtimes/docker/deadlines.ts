import { AppError } from '@hatchery/core/errors'

/** Milliseconds that the engine may take to answer. */
export interface EngineDeadlines {
  /** Questions, and what is done at once: inspect, list, create, kill, update. @default 30000 */
  readonly quickMs: number
  /** What may have to read or delete much: start, remove, archives, networks. @default 180000 */
  readonly slowMs: number
  /** Until a stream begins: a log, an attachment, a wait. How long it then lasts is the server's business. @default 30000 */
  readonly streamMs: number
  /** Until a registry says its first word about a pull; later silence is the caller's. @default 300000 */
  readonly pullMs: number
}

const DEADLINES: EngineDeadlines = { quickMs: 30_000, slowMs: 180_000, streamMs: 30_000, pullMs: 300_000 }

interface Request {
  readonly path: string
  readonly method: string
  readonly isStream?: boolean
  readonly hijack?: boolean
  readonly openStdin?: boolean
  readonly abortSignal?: AbortSignal
}

type Dial = (request: Request, callback: (error: unknown, answer: unknown) => void) => void

/**
 * Puts a deadline on every request that goes through this client: the one way that all calls of the library take. A request
 * that is over its time is aborted, not only forgotten, so that an engine that hangs does not fill up with connections.
 */
export function limitWaiting(modem: object, given: Partial<EngineDeadlines>): void {
  const deadlines = { ...DEADLINES, ...given }
  const client = modem as { dial: Dial }
  const dial = client.dial.bind(modem)
  client.dial = (request, callback) => {
    const ms = deadlineOf(request, deadlines)
    if (ms === null) return dial(request, callback)
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(), ms)
    const abortSignal = request.abortSignal ? AbortSignal.any([request.abortSignal, late.signal]) : late.signal
    dial({ ...request, abortSignal }, (error, answer) => {
      clearTimeout(timer)
      callback(error && late.signal.aborted ? tooLate(ms, error) : error, answer)
    })
  }
}

function deadlineOf({ path, method, isStream, hijack, openStdin }: Request, deadlines: EngineDeadlines): number | null {
  if (path.startsWith('/images/create')) return deadlines.pullMs
  if (isStream || hijack || openStdin) return deadlines.streamMs
  // Answers with the exit code, when there is one.
  if (/\/wait(?:\?|$)/.test(path)) return null
  const isSlow = method === 'DELETE' || /\/(?:start|archive)(?:\?|$)|^\/networks\/create/.test(path)
  return isSlow ? deadlines.slowMs : deadlines.quickMs
}

function tooLate(ms: number, cause: unknown): AppError {
  const reason = `it did not answer within ${ms / 1000} s`
  return new AppError('RUNTIME_UNAVAILABLE', { runtime: 'docker', reason }, { cause })
}
