import { readSetting } from '../settings/settings.ts'
import type { Store } from '../storage/store.ts'

export interface SshSettings {
  /** People without administrative permissions and two-factor may sign in with the password of their account. */
  readonly accountPasswords: boolean
}

export const ACCOUNT_PASSWORDS = 'ssh.accountPasswords'

export async function readSshSettings(store: Store): Promise<SshSettings> {
  return { accountPasswords: (await readSetting(store, ACCOUNT_PASSWORDS)) === 'true' }
}
