import { Type, type Static } from 'typebox'
import { AppError } from '../errors/index.ts'
import { Nullable, OneOf, Uuid } from '../api/schemas/common.ts'
import { deriveKey, isSame, proofOf } from './key-schedule.ts'
import { matches } from './validation.ts'

/** A token opens something within this time, or not at all (RULES 16); what it has opened may take longer. */
export const DIRECT_TOKEN_MS = 60_000
/** Servers take no longer lines; a path that makes a token longer goes another way. */
export const MAX_DIRECT_TOKEN_LENGTH = 8 * 1024
const LABEL = 'hatchery/1 direct token'

/** What a browser may do at a node without its panel in between, once. */
export const DirectClaims = Type.Object({
  /** 128 random bits, hexadecimal; the node keeps those that were used until they have expired. */
  id: Type.String({ pattern: '^[0-9a-f]{32}$' }),
  /** Which secret of the node has signed. */
  keyId: Type.String({ minLength: 1, maxLength: 64 }),
  node: Uuid,
  server: Uuid,
  user: Uuid,
  action: OneOf(['download', 'upload', 'live']),
  /** Path of the file to download, id of the upload to add to, or the kinds of live topics, with spaces between. */
  subject: Type.String({ minLength: 1, maxLength: 8192 }),
  /** Of the user when the token was made; the node refuses it below the least one that it was told. */
  accessRevision: Type.Integer({ minimum: 0 }),
  /** The page that may read the answer; null for a caller that is no page. */
  origin: Nullable(Type.String({ maxLength: 512 })),
  /** Milliseconds since 1970, in the panel's time. */
  expiresAt: Type.Integer({ minimum: 0 }),
})
export type DirectClaims = Static<typeof DirectClaims>
export type DirectAction = DirectClaims['action']

/**
 * Signs claims with the secret of a node: `claims.proof`, both base64url, the proof HMAC-SHA256 under a key that serves this
 * node and this action only.
 */
export function signDirectToken(secret: Uint8Array, claims: DirectClaims): string {
  const said = Buffer.from(JSON.stringify(claims)).toString('base64url')
  return `${said}.${Buffer.from(proof(secret, claims, said)).toString('base64url')}`
}

/** What a node knows and a token has to fit. */
export interface DirectCheck {
  readonly node: string
  readonly action: DirectAction
  /** Milliseconds since 1970, in the panel's time. */
  readonly now: number
  /** Null for a key id that the node does not know (any more). */
  readonly secretOf: (keyId: string) => Uint8Array | null
}

/**
 * Reads a token that somebody brings. Whether it was used before, and whether access was taken back meanwhile, is for the node
 * to say.
 * @throws AppError `DIRECT_TOKEN_INVALID`
 */
export function verifyDirectToken(token: string, { node, action, now, secretOf }: DirectCheck): DirectClaims {
  const [said = '', shown = '', ...more] = token.length > MAX_DIRECT_TOKEN_LENGTH ? [] : token.split('.')
  const claims = readClaims(said)
  if (claims === null || more.length > 0) throw directTokenInvalid('it has another form')
  const secret = secretOf(claims.keyId)
  // The proof is looked at before anything else that the token says is believed.
  if (!secret || !isSame(Buffer.from(shown, 'base64url'), proof(secret, claims, said))) {
    throw directTokenInvalid('it was not made for this node')
  }
  if (claims.node !== node || claims.action !== action) throw directTokenInvalid('it was made for something else')
  // One that lives longer than any is made was signed by a clock that nobody should follow.
  if (claims.expiresAt <= now || claims.expiresAt > now + 2 * DIRECT_TOKEN_MS)
    throw directTokenInvalid('its time is over')
  return claims
}

/** Says why a token opens nothing; the reason is a few words. */
export const directTokenInvalid = (reason: string): AppError<'DIRECT_TOKEN_INVALID'> =>
  new AppError('DIRECT_TOKEN_INVALID', { reason })

function proof(secret: Uint8Array, { node, action }: DirectClaims, said: string): Uint8Array {
  const key = deriveKey(secret, Buffer.from(node), `${LABEL} ${action}`)
  return proofOf(key, LABEL, Buffer.from(said))
}

function readClaims(said: string): DirectClaims | null {
  try {
    const claims: unknown = JSON.parse(Buffer.from(said, 'base64url').toString('utf8'))
    return matches(DirectClaims, claims) ? (claims as DirectClaims) : null
  } catch {
    // Whoever brings something else than JSON has no token.
    return null
  }
}
