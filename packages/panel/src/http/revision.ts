import { AppError } from '@hatchery/core/errors'

/** @throws AppError `REVISION_MISMATCH` when the caller has seen another revision than the one in force */
export function checkRevision(ifMatch: number | null, current: number): void {
  if (ifMatch !== null && ifMatch !== current) throw new AppError('REVISION_MISMATCH')
}
