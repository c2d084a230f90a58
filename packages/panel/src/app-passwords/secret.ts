import { hash, randomBytes } from 'node:crypto'

/** Lets people and secret scanners recognise one, and tells it apart from the password of an account. */
export const APP_PASSWORD_PREFIX = 'hap_'
/** 160 bits: nobody guesses them, so that a fast hash is enough at rest. */
const SECRET_BYTES = 20
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'

/** In base32, which is typed and read aloud without doubt. */
export function newAppPassword(): string {
  const bits = BigInt(`0x${randomBytes(SECRET_BYTES).toString('hex')}`)
  const letters = Array.from(
    { length: (SECRET_BYTES * 8) / 5 },
    (_, index) => ALPHABET[Number((bits >> BigInt(index * 5)) & 31n)],
  )
  return APP_PASSWORD_PREFIX + letters.join('')
}

export function appPasswordHash(password: string): string {
  return hash('sha256', password, 'hex')
}
