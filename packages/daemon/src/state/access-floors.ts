import type { StateFile } from './state-file.ts'

/** Called after the floor was stored; `server` is null for every server. */
export type RevocationListener = (user: string, server: string | null, minRevision: number) => void

/**
 * What was taken back stays taken back, whatever happens to agent and panel (RULES 16): of each user and server the least
 * access revision that may open anything, or have it open still.
 */
export class AccessFloors {
  readonly #state: StateFile
  readonly #listeners = new Set<RevocationListener>()

  constructor(state: StateFile) {
    this.#state = state
  }

  /** Raises a floor, never lowers it, and tells whoever keeps something open. */
  raise(user: string, server: string | null, minRevision: number): void {
    this.#state.transaction(() => {
      const place = [user, server ?? '']
      const known = this.#state.sql.get<{ min_revision: number }>(
        'select min_revision from access_floors where user = ? and server = ?',
        ...place,
      )
      if (known && known.min_revision >= minRevision) return
      this.#state.sql.run(
        'insert or replace into access_floors (user, server, min_revision) values (?, ?, ?)',
        ...place,
        minRevision,
      )
    })
    for (const listener of this.#listeners) listener(user, server, minRevision)
  }

  /** The least revision that the user needs at the server; 0 where nothing was ever taken back. */
  minimumOf(user: string, server: string): number {
    const row = this.#state.sql.get<{ minimum: number | null }>(
      "select max(min_revision) as minimum from access_floors where user = ? and server in (?, '')",
      user,
      server,
    )
    return row?.minimum ?? 0
  }

  /** @returns stops the calls */
  onRaise(listener: RevocationListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
