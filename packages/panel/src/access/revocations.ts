import type { Transaction } from 'kysely'
import type { Database } from '../storage/schema.ts'

/**
 * - `user`: something about the user's access changed; everything known about them is read again (subject: user uuid)
 * - `session`: the session ended (session uuid)
 * - `api-key`: the key ended (key uuid)
 * - `server`: who may do what on the server changed, or it is gone (server uuid)
 * - `node`: the node was deleted or locked (node uuid)
 */
export type RevocationKind = 'user' | 'session' | 'api-key' | 'server' | 'node'

export interface Revocation {
  readonly kind: RevocationKind
  readonly subject: string
}

/** Rows that every instance reads each second, so that no cache and no live channel outlives the access it stands on. */
export interface Revocations {
  /** Written in the transaction that takes the access away; every instance hears of it after the commit. */
  revoke(trx: Transaction<Database>, kind: RevocationKind, subject: string): Promise<void>
  onRevocation(listener: (revocation: Revocation) => void): () => void
}
