export { AppError, errorFromBody, errorRow, registerErrors, type ErrorBody } from './app-error.ts'
export { ERRORS, type ErrorCode, type ErrorDetails, type ErrorRow } from './table.ts'
