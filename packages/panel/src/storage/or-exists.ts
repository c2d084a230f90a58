import { isUniqueViolation } from './retry.ts'

/** Runs a transaction; where a unique key refuses its row, throws what the caller shall see instead. */
export async function orExists<T>(work: Promise<T>, exists: () => Error): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (isUniqueViolation(error)) throw exists()
    throw error
  }
}
