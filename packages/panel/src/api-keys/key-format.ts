import { randomBytes, randomInt } from 'node:crypto'

const PREFIX = 'hk_'
const IDENTIFIER_LENGTH = 16
const ALPHABET = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'

export interface KeyParts {
  /** Sixteen characters that name the key; shown. */
  readonly identifier: string
  /** Shown once, at creation. */
  readonly secret: string
}

/** `hk_<identifier>_<secret>`; the prefix lets secret scanners find one that leaked. */
export function formatKey({ identifier, secret }: KeyParts): string {
  return `${PREFIX}${identifier}_${secret}`
}

export function parseKey(text: string): KeyParts | null {
  const match = /^hk_([A-Za-z0-9]{16})_([A-Za-z0-9_-]{20,128})$/.exec(text)
  return match ? { identifier: match[1]!, secret: match[2]! } : null
}

export function newKey(): KeyParts {
  const identifier = Array.from({ length: IDENTIFIER_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')
  return { identifier, secret: randomBytes(32).toString('base64url') }
}
