import type { BaseContext } from '../services.ts'
import { revokeUser } from '../users/write-user.ts'

const EVERY_MS = 30_000
const STEP = 100

type ExpiryContext = Pick<BaseContext, 'store' | 'now' | 'log' | 'revocations'>

/** Ends what is open by keys and app passwords whose time is over; new sign-ins are refused by their time alone. */
export class CredentialExpiry {
  readonly #ctx: ExpiryContext
  #timer: NodeJS.Timeout | undefined
  #running: Promise<unknown> | undefined
  #isClosed = false

  constructor(ctx: ExpiryContext) {
    this.#ctx = ctx
  }

  start(): void {
    this.#timer ??= setInterval(() => {
      this.#running ??= this.run()
        .catch((error: unknown) => {
          if (!this.#isClosed)
            this.#ctx.log.warn({ err: error }, 'expired credentials could not be ended; trying again')
        })
        .finally(() => (this.#running = undefined))
    }, EVERY_MS)
    this.#timer.unref()
  }

  /** @returns how many have ended */
  async run(): Promise<number> {
    return (await this.#end('ssh_keys')) + (await this.#end('app_passwords'))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
    await this.#running
  }

  async #end(table: 'ssh_keys' | 'app_passwords'): Promise<number> {
    const { store, now } = this.#ctx
    const rows = await store.db
      .selectFrom(table)
      .innerJoin('users', 'users.id', `${table}.user_id`)
      .select([`${table}.id as id`, 'users.id as userId', 'users.uuid as userUuid'])
      .where(`${table}.expires_at`, '<=', now())
      .where(`${table}.is_expired`, 'is', null)
      .orderBy(`${table}.id`)
      .limit(STEP)
      .execute()
    let ended = 0
    for (const { id, userId, userUuid } of rows) {
      await store.transaction(async (trx) => {
        const { numUpdatedRows } = await trx
          .updateTable(table)
          .set({ is_expired: 1 })
          .where('id', '=', id)
          .where('is_expired', 'is', null)
          .executeTakeFirst()
        // Another instance may have been quicker.
        if (numUpdatedRows === 0n) return
        ended++
        await revokeUser(this.#ctx, trx, { id: userId, uuid: userUuid })
      })
    }
    return ended
  }
}
