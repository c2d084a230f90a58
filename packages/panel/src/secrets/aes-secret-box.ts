import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'
import { AppError } from '@hatchery/core/errors'
import type { SecretBox } from './secret-box.ts'

const IV_BYTES = 12
const TAG_BYTES = 16
/** The text is at least the 28 bytes of iv and tag. */
const SEALED = /^v1\.[0-9a-f]{8}\.[\w-]{38,}$/

/**
 * AES-256-GCM under a key derived from the master key. A value is `v1.<key id>.<iv, ciphertext and tag>`;
 * `previous` keys open older values and never close new ones.
 */
export function createSecretBox(masterKey: Uint8Array, previous: readonly Uint8Array[] = []): SecretBox {
  const keys = new Map([masterKey, ...previous].map((master) => derive(master)).map((key) => [idOf(key), key]))
  const [currentId, current] = [...keys][0]!

  return {
    isCurrent: (value) => value.startsWith(`v1.${currentId}.`),

    encrypt(plaintext, place) {
      const iv = randomBytes(IV_BYTES)
      const cipher = createCipheriv('aes-256-gcm', current, iv).setAAD(Buffer.from(`${currentId}:${place}`))
      const sealed = Buffer.concat([iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
      return `v1.${currentId}.${sealed.toString('base64url')}`
    },

    decrypt(value, place) {
      const [version, keyId = '', text = ''] = value.split('.')
      const key = keys.get(keyId)
      if (version !== 'v1' || !key) throw unreadable(place, `it was sealed with key ${keyId}, which is not loaded`)
      const sealed = Buffer.from(text, 'base64url')
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, IV_BYTES))
          .setAAD(Buffer.from(`${keyId}:${place}`))
          .setAuthTag(sealed.subarray(-TAG_BYTES))
        return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()])
      } catch (error) {
        throw unreadable(place, 'it was changed or belongs to another place', error)
      }
    },
  }
}

/** Whether a stored value has the form of a sealed one; for columns that also hold values in clear. */
export function isSealed(value: string): boolean {
  return SEALED.test(value)
}

function derive(masterKey: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', masterKey, '', 'hatchery secret box', 32))
}

function idOf(key: Buffer): string {
  return createHash('sha256').update('key id').update(key).digest('hex').slice(0, 8)
}

function unreadable(place: string, reason: string, cause?: unknown): AppError {
  return new AppError('INTERNAL', {}, { cause: new Error(`The secret ${place} does not open: ${reason}.`, { cause }) })
}
