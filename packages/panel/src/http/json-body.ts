import { AppError } from '@hatchery/core/errors'

/** Parses a JSON body; an empty one is none. A `__proto__` key is never meant well. */
export function parseJsonBody(text: string): unknown {
  if (text === '') return undefined
  let poisoned = false
  const guard = text.includes('__proto__')
    ? (key: string, value: unknown) => {
        if (key === '__proto__') poisoned = true
        return value
      }
    : undefined
  let value: unknown
  try {
    value = JSON.parse(text, guard)
  } catch (error) {
    throw new AppError('BAD_REQUEST', { reason: 'the body is not JSON' }, { cause: error })
  }
  // An escaped spelling (`\u005f`) passes the text search, not this one.
  if (poisoned || hasOwnProto(value))
    throw new AppError('BAD_REQUEST', { reason: 'the body has a key that is not allowed' })
  return value
}

function hasOwnProto(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, '__proto__')
}
