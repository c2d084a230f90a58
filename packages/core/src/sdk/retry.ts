import type { HatcheryError } from './hatchery-error.ts'

/** When a failed call is repeated by itself. */
export interface RetryPolicy {
  /** Tries altogether, the first one included. @default 4 */
  readonly attempts: number
  /** Longest wait before one repetition; when the panel asks for more, the error is thrown. @default 30000 */
  readonly maxDelayMs: number
  /** First wait; it doubles each time and is shortened by chance, so that many clients do not come back at once. @default 300 */
  readonly baseDelayMs: number
  /** @default Math.random */
  readonly random: () => number
}

export const defaultRetry: RetryPolicy = { attempts: 4, maxDelayMs: 30_000, baseDelayMs: 300, random: Math.random }

export interface FailedAttempt {
  readonly attempt: number
  readonly error: HatcheryError
  readonly operationClass: string
}

/**
 * How long to wait before the next try; undefined when there is none.
 * What was refused before it began (too many calls, panel busy) is repeated for every call. A call whose fate is unknown (the network
 * failed) is repeated only if repeating leads to the same state, never one of class `at-most-once`.
 */
export function retryDelayMs(policy: RetryPolicy, failed: FailedAttempt): number | undefined {
  if (failed.attempt >= policy.attempts || !isRepeatable(failed)) return undefined
  const backOffMs = policy.baseDelayMs * 2 ** (failed.attempt - 1) * (0.5 + policy.random() / 2)
  const asked = failed.error.retryAfterMs
  if (asked !== undefined && asked > policy.maxDelayMs) return undefined
  return Math.min(Math.max(asked ?? 0, backOffMs), policy.maxDelayMs)
}

function isRepeatable({ attempt, error, operationClass }: FailedAttempt): boolean {
  if (error.status === 429 || error.code === 'SERVICE_UNAVAILABLE') return true
  // Our own first try is still at work there: its answer is what the next try gets.
  if (error.code === 'IDEMPOTENCY_IN_PROGRESS') return attempt > 1
  return isFateUnknown(error) && operationClass !== 'at-most-once'
}

/** No answer, or that of a proxy which had none either. */
function isFateUnknown(error: HatcheryError): boolean {
  return error.status === 0 || (error.code === 'UNEXPECTED_ANSWER' && [502, 503, 504].includes(error.status))
}

/** Resolves after the time, or rejects with the signal's reason. */
export function wait(delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason)
      return
    }
    const give = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', give)
      resolve()
    }, delayMs)
    signal?.addEventListener('abort', give, { once: true })
  })
}
