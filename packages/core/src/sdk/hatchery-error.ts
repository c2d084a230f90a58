import type { ErrorCode } from './types.ts'

/** Codes that the SDK itself gives an error, beside those the panel answers with. */
export type ClientErrorCode =
  /** No answer came: no network, no panel, or the connection broke. */
  | 'NETWORK'
  /** No answer came within the time limit. */
  | 'TIMEOUT'
  /** Something answered that is not a panel, such as a proxy's error page. */
  | 'UNEXPECTED_ANSWER'
  /** The client was closed. */
  | 'CLOSED'

export interface HatcheryErrorFields {
  readonly code: string
  readonly message: string
  readonly status?: number
  readonly details?: Readonly<Record<string, unknown>>
  readonly requestId?: string | undefined
  readonly retryAfterMs?: number | undefined
}

/** The one error that the SDK throws. `code` is stable and made for comparing; `message` is made for people. */
export class HatcheryError extends Error {
  override readonly name = 'HatcheryError'
  /** An {@link ErrorCode}, a {@link ClientErrorCode}, or the code of a panel extension. */
  readonly code: ErrorCode | ClientErrorCode | (string & {})
  /** HTTP status; 0 when there was no answer. */
  readonly status: number
  readonly details: Readonly<Record<string, unknown>>
  /** What the panel's administrator finds the request by. */
  readonly requestId: string | undefined
  /** How long the panel asked to wait. */
  readonly retryAfterMs: number | undefined

  constructor(fields: HatcheryErrorFields, options?: ErrorOptions) {
    super(fields.message, options)
    this.code = fields.code
    this.status = fields.status ?? 0
    this.details = fields.details ?? {}
    this.requestId = fields.requestId
    this.retryAfterMs = fields.retryAfterMs
  }
}
