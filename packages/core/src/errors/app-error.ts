import { ERRORS, type ErrorCode, type ErrorDetails, type ErrorRow } from './table.ts'

const registered = new Map<string, ErrorRow>(Object.entries(ERRORS))

/**
 * Adds the error rows of an extension. Codes carry the vendor's prefix (`ACME_QUOTA`).
 * @throws Error if a code is taken already
 */
export function registerErrors(rows: Readonly<Record<string, ErrorRow>>): void {
  for (const [code, row] of Object.entries(rows)) {
    if (registered.has(code)) throw new Error(`Error code ${code} is registered already.`)
    registered.set(code, row)
  }
}

/** The row of a code, ours or an extension's. */
export function errorRow(code: string): ErrorRow | undefined {
  return registered.get(code)
}

/** The wire form of an error, the same in HTTP answers, agent frames and live messages. */
export interface ErrorBody {
  readonly code: string
  readonly message: string
  /** The holes of the message, and further facts such as `issues` for each invalid field. */
  readonly details?: Readonly<Record<string, unknown>>
}

type DetailsArgument<C extends ErrorCode> = keyof ErrorDetails<C> extends never
  ? [details?: Readonly<Record<string, unknown>>, options?: ErrorOptions]
  : [details: ErrorDetails<C> & Readonly<Record<string, unknown>>, options?: ErrorOptions]

/**
 * An error that a caller may see. Everything else that is thrown is a bug: logged with its stack, answered as `INTERNAL`.
 * @example throw new AppError('SERVER_BUSY', { id, state })
 */
export class AppError<C extends ErrorCode = ErrorCode> extends Error {
  override readonly name = 'AppError'
  readonly code: C
  readonly status: number
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: C, ...[details, options]: DetailsArgument<C>) {
    const row = registered.get(code) ?? ERRORS.INTERNAL
    super(fill(row.message, details ?? {}), options)
    this.code = code
    this.status = row.status
    this.details = details ?? {}
  }

  toBody(): ErrorBody {
    return Object.keys(this.details).length === 0
      ? { code: this.code, message: this.message }
      : { code: this.code, message: this.message, details: this.details }
  }
}

/** Rebuilds an error that came over a wire, with an unknown code kept as it is. */
export function errorFromBody(body: ErrorBody, options?: ErrorOptions): AppError {
  const error = new AppError('INTERNAL', body.details ?? {}, options)
  const status = errorRow(body.code)?.status ?? 500
  return Object.assign(Object.defineProperty(error, 'code', { value: body.code, enumerable: true }), {
    message: body.message,
    status,
  })
}

function fill(message: string, details: Readonly<Record<string, unknown>>): string {
  return message.replace(/\{(\w+)\}/g, (hole, key: string) => (key in details ? String(details[key]) : hole))
}
