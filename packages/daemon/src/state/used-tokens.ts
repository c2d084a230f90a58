import type { StateFile } from './state-file.ts'

/** The tokens that have opened something, kept until nobody could use them anyway (RULES 16). */
export class UsedTokens {
  readonly #state: StateFile

  constructor(state: StateFile) {
    this.#state = state
  }

  /** Whether this is the first use of the token. Times are milliseconds since 1970. */
  use(id: string, expiresAt: number, now: number): boolean {
    return this.#state.transaction(() => {
      const { sql } = this.#state
      sql.run('delete from direct_tokens where expires_at < ?', now)
      if (sql.get('select id from direct_tokens where id = ?', id)) return false
      sql.run('insert into direct_tokens (id, expires_at) values (?, ?)', id, expiresAt)
      return true
    })
  }
}
