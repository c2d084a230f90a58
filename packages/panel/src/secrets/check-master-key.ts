import { keepSetting, readSetting } from '../settings/settings.ts'
import type { Store } from '../storage/store.ts'
import type { SecretBox } from './secret-box.ts'

/** A value sealed with the key that this database belongs to. */
export const CHECK_SETTING = 'secrets.check'
export const CHECK_PLACE = 'settings:value:secrets.check'

/**
 * A database is opened with the key that its secrets were sealed with, or not at all.
 * @throws Error when the key is another one
 */
export async function checkMasterKey(store: Store, secrets: SecretBox, now: number): Promise<void> {
  const value =
    (await readSetting(store, CHECK_SETTING)) ??
    (await keepSetting(store, CHECK_SETTING, secrets.encrypt('ok', CHECK_PLACE), now))
  try {
    secrets.decrypt(value, CHECK_PLACE)
  } catch (error) {
    throw new Error(
      'This database was made with another master key. Put back its master.key; without it, its secrets cannot be read.',
      { cause: error },
    )
  }
}
