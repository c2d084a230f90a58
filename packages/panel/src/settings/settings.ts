import type { Transaction } from 'kysely'
import type { Database } from '../storage/schema.ts'
import type { Store } from '../storage/store.ts'
import { isUniqueViolation } from '../storage/retry.ts'

/** A value that the panel keeps about itself; null when it was never written. */
export async function readSetting(store: Pick<Store, 'db'>, name: string): Promise<string | null> {
  const row = await store.db.selectFrom('settings').select('value').where('name', '=', name).executeTakeFirst()
  return row?.value ?? null
}

/** Writes the value over what there is, in the transaction of the change that it is part of. */
export async function writeSetting(
  trx: Transaction<Database>,
  name: string,
  value: string,
  now: number,
): Promise<void> {
  const values = { value, updated_at: now }
  const { numUpdatedRows } = await trx.updateTable('settings').set(values).where('name', '=', name).executeTakeFirst()
  if (numUpdatedRows === 0n)
    await trx
      .insertInto('settings')
      .values({ name, ...values })
      .execute()
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
