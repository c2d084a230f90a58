import { AppError } from '@hatchery/core/errors'

/** The place of a list where the next page starts: the sort value and the id of the last row. Opaque to callers. */
export function encodeCursor(...values: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(values)).toString('base64url')
}

/**
 * Reads a cursor of exactly these kinds of values.
 * @example const [name, id] = decodeCursor(cursor, 'string', 'number')
 * @throws AppError `CURSOR_INVALID`
 */
export function decodeCursor<const K extends readonly ('string' | 'number')[]>(
  cursor: string,
  ...kinds: K
): { -readonly [I in keyof K]: K[I] extends 'string' ? string : number } {
  const values = parse(cursor)
  const fits = values.length === kinds.length && kinds.every((kind, index) => isPlace(values[index], kind))
  if (!fits) throw new AppError('CURSOR_INVALID')
  return values as { -readonly [I in keyof K]: K[I] extends 'string' ? string : number }
}

/** Sort values are texts and integers as the database keeps them. */
function isPlace(value: unknown, kind: 'string' | 'number'): boolean {
  if (typeof value !== kind) return false
  return typeof value === 'string' ? !value.includes('\0') : Number.isSafeInteger(value)
}

function parse(cursor: string): readonly unknown[] {
  try {
    const values: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    return Array.isArray(values) ? values : []
  } catch {
    // Not JSON: the caller answers CURSOR_INVALID for every cursor of a wrong shape.
    return []
  }
}
