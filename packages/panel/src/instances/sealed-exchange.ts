import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'

const TAG_BYTES = 16

/** What makes one request between instances different from every other. */
export interface ExchangeNames {
  /** The process that is asked: a request to one instance is nothing to another, nor to its successor on the same port. */
  readonly target: string
  readonly path: string
  /** Sender's clock, milliseconds. */
  readonly time: string
  /** 16 random bytes, base64url. */
  readonly nonce: string
}

/** The secret that instances prove to each other, derived from the master key they share. */
export function deriveInstanceSecret(masterKey: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', masterKey, '', 'hatchery instances', 32))
}

/**
 * The protection of one request and of everything answered to it: keys of its own, so that nothing can be read, changed,
 * taken out, moved or sent again under another name. Both ends count; the counter is no part of what is sent.
 */
export class SealedExchange {
  readonly #requestKey: Buffer
  readonly #answerKey: Buffer
  #sent = 0
  #received = 0

  constructor(secret: Uint8Array, { target, path, time, nonce }: ExchangeNames) {
    const keys = Buffer.from(hkdfSync('sha256', secret, nonce, `${target}\n${path}\n${time}`, 64))
    this.#requestKey = keys.subarray(0, 32)
    this.#answerKey = keys.subarray(32)
  }

  sealRequest(value: unknown): Buffer {
    return seal(this.#requestKey, 0, value)
  }

  /** @throws Error when it was not made by an instance of this panel, for this exchange */
  openRequest(bytes: Buffer): unknown {
    return open(this.#requestKey, 0, bytes)
  }

  /** Answers are opened in the order in which they were sealed. */
  sealAnswer(value: unknown): Buffer {
    return seal(this.#answerKey, this.#sent++, value)
  }

  openAnswer(bytes: Buffer): unknown {
    return open(this.#answerKey, this.#received++, bytes)
  }
}

function seal(key: Buffer, counter: number, value: unknown): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, ivOf(counter))
  return Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final(), cipher.getAuthTag()])
}

function open(key: Buffer, counter: number, bytes: Buffer): unknown {
  if (bytes.length < TAG_BYTES) throw new Error('The message is too short to be sealed.')
  const decipher = createDecipheriv('aes-256-gcm', key, ivOf(counter)).setAuthTag(bytes.subarray(-TAG_BYTES))
  const text = Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()])
  return JSON.parse(text.toString('utf8')) as unknown
}

function ivOf(counter: number): Buffer {
  const iv = Buffer.alloc(12)
  iv.writeBigUInt64BE(BigInt(counter), 4)
  return iv
}
