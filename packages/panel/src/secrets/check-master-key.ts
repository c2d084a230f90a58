import { keepSetting, readSetting } from '../settings/settings.ts'
import type { Store } from '../storage/store.ts'
import type { SecretBox } from './secret-box.ts'

const NAME = 'secrets.check'
const PLACE = 'settings:value:secrets.check'

/**
 * A database is opened with the key that its secrets were sealed with, or not at all.
 * @throws Error when the key is another one
 */
export async function checkMasterKey(store: Store, secrets: SecretBox, now: number): Promise<void> {
  const value = (await readSetting(store, NAME)) ?? (await keepSetting(store, NAME, secrets.encrypt('ok', PLACE), now))
  try {
    secrets.decrypt(value, PLACE)
  } catch (error) {
    throw new Error(
      'This database was made with another master key. Put back its master.key; without it, its secrets cannot be read.',
      { cause: error },
    )
  }
}
