import { AppError, type ErrorBody } from '@hatchery/core/errors'

/** What the panel may see of an error. Everything that is no AppError is a bug and shown as `INTERNAL`. */
export function toErrorBody(error: unknown): ErrorBody {
  return (error instanceof AppError ? error : new AppError('INTERNAL', {}, { cause: error })).toBody()
}
