import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  timingSafeEqual,
} from 'node:crypto'
import { TAG_BYTES } from './wire.ts'

const PKCS8_X25519 = Buffer.from('302e020100300506032b656e04220420', 'hex')
const SPKI_X25519 = Buffer.from('302a300506032b656e032100', 'hex')
const NONCE_ZERO = Buffer.alloc(12)

/** What each derived key is for; the text goes into HKDF or HMAC. */
export const LABEL = {
  transcript: 'hatchery/1 transcript',
  agentHello: 'hatchery/1 agent hello',
  agentProof: 'hatchery/1 agent proof',
  panelHello: 'hatchery/1 panel hello',
  panelProof: 'hatchery/1 panel proof',
  agentToPanel: 'hatchery/1 agent to panel',
  panelToAgent: 'hatchery/1 panel to agent',
  data: 'hatchery/1 data sockets',
  dataTicket: 'hatchery/1 data ticket',
  dataOpen: 'hatchery/1 data open',
  dataAccept: 'hatchery/1 data accept',
} as const

/** The keys of one control socket. `data` is the root from which data sockets derive theirs. */
export interface SessionKeys {
  readonly agentToPanel: Uint8Array
  readonly panelToAgent: Uint8Array
  readonly data: Uint8Array
}

/** Running SHA-256 over everything both sides have said, each part with its length in front. */
export class Transcript {
  readonly #hash = createHash('sha256').update(LABEL.transcript)

  add(part: Uint8Array): this {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(part.length)
    this.#hash.update(length).update(part)
    return this
  }

  digest(): Uint8Array {
    return this.#hash.copy().digest()
  }
}

export function publicKeyOf(privateKey: Uint8Array): Uint8Array {
  const der = createPublicKey(privateKeyObject(privateKey)).export({ format: 'der', type: 'spki' })
  return der.subarray(SPKI_X25519.length)
}

/** @throws if the public key is a point of low order */
export function sharedSecret(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
  const theirs = createPublicKey({ key: Buffer.concat([SPKI_X25519, publicKey]), format: 'der', type: 'spki' })
  return diffieHellman({ privateKey: privateKeyObject(privateKey), publicKey: theirs })
}

export function deriveKey(input: Uint8Array, salt: Uint8Array, label: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', input, salt, label, 32))
}

export function proofOf(secret: Uint8Array, label: string, digest: Uint8Array): Uint8Array {
  return createHmac('sha256', secret).update(label).update(digest).digest()
}

/** Compares in constant time. */
export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

/** Encrypts under a key that is used only once; the tag stands at the end. */
export function sealOnce(key: Uint8Array, associated: Uint8Array, plain: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-256-gcm', key, NONCE_ZERO).setAAD(associated)
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

/** @throws if the bytes were changed or the key is another */
export function openOnce(key: Uint8Array, associated: Uint8Array, sealed: Uint8Array): Uint8Array {
  const end = sealed.length - TAG_BYTES
  if (end < 0) throw new RangeError('too short to be sealed')
  const decipher = createDecipheriv('aes-256-gcm', key, NONCE_ZERO, { authTagLength: TAG_BYTES }).setAAD(associated)
  decipher.setAuthTag(sealed.subarray(end))
  return Buffer.concat([decipher.update(sealed.subarray(0, end)), decipher.final()])
}

function privateKeyObject(raw: Uint8Array) {
  return createPrivateKey({ key: Buffer.concat([PKCS8_X25519, raw]), format: 'der', type: 'pkcs8' })
}
