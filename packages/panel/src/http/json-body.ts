import { AppError } from '@hatchery/core/errors'

/** Parses a JSON body; an empty one is none. A `__proto__` key and a NUL are never meant well, and no database keeps a NUL. */
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
  if (text.includes('u0000') && holdsNul(value)) {
    throw new AppError('BAD_REQUEST', { reason: 'a text of the body holds a NUL character' })
  }
  return value
}

/** Whether a key or a text at any depth has a NUL. Without recursion: bodies may be nested as deep as they like. */
function holdsNul(body: unknown): boolean {
  const rest: unknown[] = [body]
  while (rest.length > 0) {
    const value = rest.pop()
    if (typeof value === 'string' && value.includes('\0')) return true
    if (typeof value !== 'object' || value === null) continue
    for (const [key, child] of Object.entries(value)) rest.push(key, child)
  }
  return false
}

function hasOwnProto(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, '__proto__')
}
