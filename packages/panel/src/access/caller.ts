import { AppError } from '@hatchery/core/errors'
import type { RequestContext } from '../context.ts'
import type { Principal } from './principal.ts'

export type Person = Exclude<Principal, { kind: 'anonymous' } | { kind: 'node' }>

/** The person behind a request. @throws AppError `NOT_SIGNED_IN` when there is none */
export function callerOf({ principal }: Pick<RequestContext, 'principal'>): Person {
  if (principal.kind === 'anonymous' || principal.kind === 'node') throw new AppError('NOT_SIGNED_IN')
  return principal
}
