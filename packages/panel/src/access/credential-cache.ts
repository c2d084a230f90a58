import type { Revocation } from './revocations.ts'
import type { Principal } from './principal.ts'

export interface CachedCredential {
  readonly principal: Principal
  readonly userUuid: string
  /** Uuid of the session or key; null for a host's sign-in. */
  readonly credentialUuid: string | null
  readonly expiresAt: number
  lastUsedAt: number
  readonly allowedIps: readonly string[]
}

const CAPACITY = 20_000

/** Credentials that were checked against the database, until they expire or something about them is revoked. */
export class CredentialCache {
  readonly #entries = new Map<string, CachedCredential>()
  /** Rises with every revocation: what was read before one is not kept after it. */
  #epoch = 0

  get epoch(): number {
    return this.#epoch
  }

  get(key: string): CachedCredential | undefined {
    return this.#entries.get(key)
  }

  /** Keeps what was read while `epoch` was in force. */
  set(key: string, entry: CachedCredential, epoch: number): void {
    if (epoch !== this.#epoch) return
    if (this.#entries.size >= CAPACITY) {
      const oldest = this.#entries.keys().next().value
      if (oldest !== undefined) this.#entries.delete(oldest)
    }
    this.#entries.set(key, entry)
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }

  drop({ kind, subject }: Revocation): void {
    if (kind === 'server' || kind === 'node') return
    this.#epoch++
    for (const [key, entry] of this.#entries) {
      const isMeant = kind === 'user' ? entry.userUuid === subject : entry.credentialUuid === subject
      if (isMeant) this.#entries.delete(key)
    }
  }
}
