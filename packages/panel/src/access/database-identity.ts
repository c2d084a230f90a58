import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { AppError } from '@hatchery/core/errors'
import type { Logger } from 'pino'
import { addressList, isListed, type ClientAddresses } from '../http/client-address.ts'
import { sessionCookieOf } from '../http/cookies.ts'
import { parseKey } from '../api-keys/key-format.ts'
import { tokenHash } from '../sessions/sessions.ts'
import type { Store } from '../storage/store.ts'
import { CredentialCache, type CachedCredential } from './credential-cache.ts'
import type { HostAuthentication, Identity } from './identity.ts'
import type { Principal } from './principal.ts'
import type { Revocations } from './revocations.ts'

const ANONYMOUS: Principal = { kind: 'anonymous' }
/** How old `last_seen_at` and `last_used_at` may be before they are written again. */
const SEEN_STEP_MS = 60_000
const HOST_CACHE_MS = 60_000

export interface IdentityParts {
  readonly store: Store
  readonly revocations: Revocations
  readonly addresses: ClientAddresses
  readonly log: Logger
  readonly now: () => number
  readonly host: HostAuthentication | undefined
}

/** Reads who makes a request from the host's sign-in, an API key or the session cookie, in this order. */
export class DatabaseIdentity implements Identity {
  readonly #parts: IdentityParts
  readonly #cache = new CredentialCache()
  readonly #stop: () => void
  readonly #writes = new Set<Promise<void>>()

  constructor(parts: IdentityParts) {
    this.#parts = parts
    this.#stop = parts.revocations.onRevocation((revocation) => this.#cache.drop(revocation))
  }

  async authenticate(request: IncomingMessage): Promise<Principal> {
    const { authorization } = request.headers
    if (this.#parts.host) {
      const identified = await this.#parts.host(request)
      if (identified) return this.#hostPrincipal(identified.userUuid)
    }
    if (authorization !== undefined) return this.#apiKeyPrincipal(authorization, request)
    const token = sessionCookieOf(request, this.#parts.addresses.isSecure(request))
    return token === undefined ? ANONYMOUS : this.#sessionPrincipal(token)
  }

  async close(): Promise<void> {
    this.#stop()
    await Promise.all(this.#writes)
  }

  async #sessionPrincipal(token: string): Promise<Principal> {
    const hash = tokenHash(token)
    // Each kind of credential has names of its own in the cache: one is never taken for another, with its other checks.
    const key = `session:${hash}`
    const now = this.#parts.now()
    let entry = this.#cache.get(key)
    if (!entry) {
      const { epoch } = this.#cache
      entry = await this.#loadSession(hash)
      if (!entry) return ANONYMOUS
      this.#cache.set(key, entry, epoch)
    }
    if (entry.expiresAt <= now) {
      this.#cache.delete(key)
      return ANONYMOUS
    }
    if (now - entry.lastUsedAt >= SEEN_STEP_MS) this.#touch(entry, now)
    return entry.principal
  }

  async #loadSession(hash: string): Promise<CachedCredential | undefined> {
    const row = await this.#parts.store.db
      .selectFrom('sessions')
      .innerJoin('users', 'users.id', 'sessions.user_id')
      .select([
        'sessions.id as sessionId',
        'sessions.uuid as sessionUuid',
        'sessions.expires_at as expiresAt',
        'sessions.last_seen_at as lastSeenAt',
        'users.id as userId',
        'users.uuid as userUuid',
        'users.is_admin as isAdmin',
      ])
      .where('sessions.token_hash', '=', hash)
      .where('sessions.revoked_at', 'is', null)
      .where('users.state', '=', 'active')
      .executeTakeFirst()
    if (!row) return undefined
    const { sessionId, sessionUuid, expiresAt, lastSeenAt, userId, userUuid } = row
    const principal = { kind: 'session', userId, userUuid, isAdmin: row.isAdmin === 1, sessionId } as const
    return { principal, userUuid, credentialUuid: sessionUuid, expiresAt, lastUsedAt: lastSeenAt, allowedIps: [] }
  }

  async #apiKeyPrincipal(authorization: string, request: IncomingMessage): Promise<Principal> {
    const token = /^Bearer (.+)$/i.exec(authorization)?.[1]
    if (token === undefined) throw new AppError('NOT_SIGNED_IN')
    const key = `api-key:${tokenHash(token)}`
    const now = this.#parts.now()
    let entry = this.#cache.get(key)
    if (!entry) {
      const { epoch } = this.#cache
      entry = await this.#loadApiKey(token)
      if (!entry) throw new AppError('NOT_SIGNED_IN')
      this.#cache.set(key, entry, epoch)
    }
    if (entry.expiresAt <= now) throw new AppError('NOT_SIGNED_IN')
    if (entry.allowedIps.length > 0) {
      const isAllowed = isListed(addressList(entry.allowedIps), this.#parts.addresses.ipOf(request))
      if (!isAllowed) throw new AppError('NOT_SIGNED_IN')
    }
    if (now - entry.lastUsedAt >= SEEN_STEP_MS) this.#touch(entry, now)
    return entry.principal
  }

  async #loadApiKey(token: string): Promise<CachedCredential | undefined> {
    const parts = parseKey(token)
    if (!parts) return undefined
    const row = await this.#parts.store.db
      .selectFrom('api_keys')
      .innerJoin('users', 'users.id', 'api_keys.user_id')
      .select([
        'api_keys.id as keyId',
        'api_keys.uuid as keyUuid',
        'api_keys.secret_hash as secretHash',
        'api_keys.permissions as permissions',
        'api_keys.allowed_ips as allowedIps',
        'api_keys.expires_at as expiresAt',
        'api_keys.last_used_at as lastUsedAt',
        'users.id as userId',
        'users.uuid as userUuid',
        'users.is_admin as isAdmin',
      ])
      .where('api_keys.identifier', '=', parts.identifier)
      .where('api_keys.revoked_at', 'is', null)
      .where('users.state', '=', 'active')
      .executeTakeFirst()
    // The comparison runs for an unknown identifier too, so that its time says nothing.
    const isRight = sameHash(tokenHash(parts.secret), row?.secretHash ?? '0'.repeat(64))
    if (!row || !isRight) return undefined
    const { keyId, keyUuid, userId, userUuid, expiresAt, lastUsedAt } = row
    const permissions = JSON.parse(row.permissions) as string[]
    return {
      principal: { kind: 'api-key', userId, userUuid, isAdmin: row.isAdmin === 1, keyId, permissions },
      userUuid,
      credentialUuid: keyUuid,
      expiresAt: expiresAt ?? Number.POSITIVE_INFINITY,
      lastUsedAt: lastUsedAt ?? 0,
      allowedIps: JSON.parse(row.allowedIps) as string[],
    }
  }

  async #hostPrincipal(userUuid: string): Promise<Principal> {
    const key = `host:${userUuid}`
    const now = this.#parts.now()
    const known = this.#cache.get(key)
    if (known && known.expiresAt > now) return known.principal
    const { epoch } = this.#cache
    const row = await this.#parts.store.db
      .selectFrom('users')
      .select(['id', 'is_admin'])
      .where('uuid', '=', userUuid)
      .where('state', '=', 'active')
      .executeTakeFirst()
    if (!row) throw new AppError('NOT_SIGNED_IN')
    const principal = { kind: 'host', userId: row.id, userUuid, isAdmin: row.is_admin === 1 } as const
    const entry = { principal, userUuid, credentialUuid: null, lastUsedAt: now, allowedIps: [] }
    this.#cache.set(key, { ...entry, expiresAt: now + HOST_CACHE_MS }, epoch)
    return principal
  }

  /** Written beside the request: when it fails, only a time shown to people is a little old. */
  #touch(entry: CachedCredential, now: number): void {
    entry.lastUsedAt = now
    const { principal } = entry
    const write = this.#parts.store
      .transaction(async (trx) => {
        if (principal.kind === 'session') {
          await trx.updateTable('sessions').set({ last_seen_at: now }).where('id', '=', principal.sessionId).execute()
        } else if (principal.kind === 'api-key') {
          await trx.updateTable('api_keys').set({ last_used_at: now }).where('id', '=', principal.keyId).execute()
        }
      })
      .catch((error: unknown) => this.#parts.log.warn({ err: error }, 'the time of last use could not be written'))
      .finally(() => this.#writes.delete(write))
    this.#writes.add(write)
  }
}

function sameHash(left: string, right: string): boolean {
  return timingSafeEqual(Buffer.from(left, 'hex'), Buffer.from(right.trim(), 'hex'))
}
