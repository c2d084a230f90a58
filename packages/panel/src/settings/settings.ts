import type { Store } from '../storage/store.ts'
import { isUniqueViolation } from '../storage/retry.ts'

/** A value that the panel keeps about itself; null when it was never written. */
export async function readSetting(store: Store, name: string): Promise<string | null> {
  const row = await store.db.selectFrom('settings').select('value').where('name', '=', name).executeTakeFirst()
  return row?.value ?? null
}

/** Writes the value unless there is one. @returns the value in force */
export async function keepSetting(store: Store, name: string, value: string, now: number): Promise<string> {
  try {
    await store.transaction((trx) => trx.insertInto('settings').values({ name, value, updated_at: now }).execute())
    return value
  } catch (error) {
    if (!isUniqueViolation(error)) throw error
    return (await readSetting(store, name)) ?? value
  }
}
