import type { BodyOf, ResponseOf, getSshSettings, updateSshSettings } from '@hatchery/core/api'
import { actorOf } from '../activity/actor.ts'
import type { RequestContext } from '../context.ts'
import { readSetting, writeSetting } from '../settings/settings.ts'
import type { Store } from '../storage/store.ts'

type Settings = ResponseOf<typeof getSshSettings>

const ACCOUNT_PASSWORDS = 'ssh.accountPasswords'

/** Account passwords are off unless somebody has allowed them (RULES 22). */
export async function readSshSettings(store: Pick<Store, 'db'>): Promise<Settings> {
  return { accountPasswords: (await readSetting(store, ACCOUNT_PASSWORDS)) === 'true' }
}

export async function changeSshSettings(
  ctx: RequestContext,
  { accountPasswords }: BodyOf<typeof updateSshSettings>,
): Promise<Settings> {
  if (accountPasswords !== undefined) {
    await ctx.store.transaction(async (trx) => {
      await writeSetting(trx, ACCOUNT_PASSWORDS, String(accountPasswords), ctx.now())
      await ctx.events.append(trx, { type: 'settings:ssh.updated', ...actorOf(ctx), data: { accountPasswords } })
    })
  }
  return readSshSettings(ctx.store)
}
