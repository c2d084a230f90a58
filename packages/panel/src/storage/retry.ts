/** Serialisation failure and deadlock of PostgreSQL; deadlock of MySQL and MariaDB; a row changed since it was read (MariaDB). */
const TRANSIENT: ReadonlySet<string | number> = new Set(['40001', '40P01', 1213, 1020])
const MAX_ATTEMPTS = 10

/** Runs a transaction again while the database says that only a clash with another one stopped it. */
export async function retryTransient<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      if (tries >= MAX_ATTEMPTS || !isTransient(error)) throw error
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 10 * 2 ** Math.min(tries, 5)))
    }
  }
}

export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if ('code' in error && TRANSIENT.has(error.code as string)) return true
  return 'errno' in error && TRANSIENT.has(error.errno as number)
}

/** Whether a unique key refused a row, on any of the three databases. */
export function isUniqueViolation(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if ('errno' in error && error.errno === 1062) return true
  if (!('code' in error)) return false
  return (
    error.code === '23505' || error.code === 'SQLITE_CONSTRAINT_UNIQUE' || error.code === 'SQLITE_CONSTRAINT_PRIMARYKEY'
  )
}
