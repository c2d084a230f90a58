import { randomBytes } from 'node:crypto'
import type { StateFile } from './state-file.ts'

/** A secret of the node under the id that the panel knows it by. */
export interface NodeSecret {
  readonly keyId: string
  /** 32 bytes, base64url. */
  readonly secret: string
}

/** A panel whose database was restored from a copy knows the secret before; it is kept as long as copies usually are. */
const KEEP_MS = 30 * 24 * 60 * 60_000

/**
 * The secrets that this installation may prove itself with (RULES 15): the one in use, one that was made and has not been used
 * yet, and those before. Each is stored before anybody is told of it.
 */
export class SecretRing {
  readonly #state: StateFile

  constructor(state: StateFile) {
    this.#state = state
  }

  /** Makes the next secret. Asked again under the same id, it answers the same one; under another id, that one is replaced. */
  prepare(keyId: string, at: number): string {
    return this.#state.transaction(() => {
      const known = this.#state.sql.get<{ secret: string }>('select secret from node_secrets where key_id = ?', keyId)
      if (known) return known.secret
      const secret = randomBytes(32).toString('base64url')
      this.#state.sql.run('delete from node_secrets where used_at is null')
      this.#state.sql.run('insert into node_secrets (key_id, secret, made_at) values (?, ?, ?)', keyId, secret, at)
      return secret
    })
  }

  /** In the order of trying: one that waits for its first use, the one used last, those before. Empty before enrolment. */
  candidates(): readonly NodeSecret[] {
    const current = this.#current()
    if (!current) return []
    const others = this.#state.sql.all<{ key_id: string; secret: string; used_at: number | null }>(
      'select key_id, secret, used_at from node_secrets where key_id <> ? order by used_at desc, key_id',
      current.keyId,
    )
    const toSecret = ({ key_id, secret }: { key_id: string; secret: string }) => ({ keyId: key_id, secret })
    const isNew = ({ used_at }: { used_at: number | null }) => used_at === null
    return [...others.filter(isNew).map(toSecret), current, ...others.filter((other) => !isNew(other)).map(toSecret)]
  }

  /** The panel has accepted this secret: it is the one in use, and the one it replaces is kept for a while. */
  markUsed(keyId: string, at: number): void {
    this.#state.transaction(() => {
      const { sql } = this.#state
      const current = this.#current()
      if (current && current.keyId !== keyId) {
        const next = sql.get<{ secret: string }>('select secret from node_secrets where key_id = ?', keyId)
        if (!next) return
        sql.run('delete from node_secrets where key_id in (?, ?)', keyId, current.keyId)
        sql.run(
          'insert into node_secrets (key_id, secret, made_at, used_at) values (?, ?, ?, ?)',
          current.keyId,
          current.secret,
          at,
          at,
        )
        sql.run('update identity set key_id = ?, secret = ? where id = 1', keyId, next.secret)
      }
      sql.run('delete from node_secrets where coalesce(used_at, made_at) < ?', at - KEEP_MS)
    })
  }

  #current(): NodeSecret | null {
    const row = this.#state.sql.get<{ key_id: string | null; secret: string }>(
      'select key_id, secret from identity where id = 1',
    )
    return row?.key_id ? { keyId: row.key_id, secret: row.secret } : null
  }
}
