import { HatcheryError } from './hatchery-error.ts'

/**
 * The body of a successful answer.
 * @throws HatcheryError for every other answer, also for one that no panel sent
 */
export async function readAnswer(response: Response): Promise<unknown> {
  const text = await response.text()
  const body = parseJson(text)
  if (response.ok && body !== undefined) return body
  if (response.ok && text === '') return {}

  const requestId = response.headers.get('x-request-id') ?? undefined
  const retryAfterMs = readRetryAfter(response.headers.get('retry-after'))
  const error = errorOf(body)
  if (!response.ok && error) {
    throw new HatcheryError({ requestId, retryAfterMs, ...error, status: response.status })
  }
  throw new HatcheryError({
    code: 'UNEXPECTED_ANSWER',
    message: `Expected an answer of a panel, but got status ${response.status} with something else.`,
    status: response.status,
    requestId,
    retryAfterMs,
  })
}

type WireError = { code: string; message: string; details?: Readonly<Record<string, unknown>>; requestId?: string }

function errorOf(body: unknown): WireError | undefined {
  if (typeof body !== 'object' || body === null || !('error' in body)) return undefined
  const { error } = body
  if (typeof error !== 'object' || error === null || !('code' in error) || typeof error.code !== 'string') {
    return undefined
  }
  const details = 'details' in error && typeof error.details === 'object' && error.details !== null && error.details
  return {
    code: error.code,
    message: 'message' in error && typeof error.message === 'string' ? error.message : error.code,
    ...(details ? { details: { ...details } } : {}),
    ...('requestId' in error && typeof error.requestId === 'string' ? { requestId: error.requestId } : {}),
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not JSON, so not an answer of a panel; the caller of this function says so.
    return undefined
  }
}

/** Seconds or a date, as HTTP allows. */
function readRetryAfter(value: string | null): number | undefined {
  if (value === null || value === '') return undefined
  const seconds = Number(value)
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000)
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now())
}
