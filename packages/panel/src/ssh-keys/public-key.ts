import { createHash, createPublicKey, type JsonWebKey } from 'node:crypto'
import { AppError } from '@hatchery/core/errors'

/** A public key that this panel takes. */
export interface PublicKey {
  /** `ssh-ed25519`, `ssh-rsa`, `ecdsa-sha2-nistp256`, … */
  readonly algorithm: string
  /** In SSH wire format (RFC 4253, 6.6). */
  readonly blob: Buffer
  readonly fingerprint: string
  /** What its owner wrote beside it, often `name@machine`. */
  readonly comment: string
}

/** Longest text that is read as one key; 16,384 bits of RSA need less than three thousand characters. */
export const MAX_KEY_TEXT = 16_384
const SMALLEST_RSA_BITS = 2048
const LARGEST_RSA_BITS = 16_384
const CURVES = { nistp256: 'P-256', nistp384: 'P-384', nistp521: 'P-521' } as const

/** As OpenSSH prints it: `SHA256:` and base64 without padding. */
export function fingerprintOf(blob: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replaceAll('=', '')}`
}

/**
 * Reads one public key as OpenSSH writes it (`ssh-ed25519 AAAA… comment`, with or without options of `authorized_keys` before
 * it) or as RFC 4716 does, which is what PuTTYgen saves. The wire format is read here, because no library that does it is both
 * small and kept up; whether the numbers in it are a key is for `node:crypto` to say.
 * @throws AppError `SSH_KEY_INVALID`
 */
export function parsePublicKey(text: string): PublicKey {
  const plain = text.trim()
  if (plain.length > MAX_KEY_TEXT) throw invalid('it is longer than any key')
  if (/PRIVATE KEY|PuTTY-User-Key-File/.test(plain)) {
    throw invalid('it is a private key. Keep that one to yourself and give the one that ends in .pub')
  }
  const { base64, comment } = plain.startsWith('---- BEGIN') ? readRfc4716(plain) : readOpenSsh(plain)
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) throw invalid('it is not base64')
  const blob = Buffer.from(base64, 'base64')
  const algorithm = checkBlob(blob)
  return { algorithm, blob, fingerprint: fingerprintOf(blob), comment: comment.slice(0, 191) }
}

function readOpenSsh(text: string): { readonly base64: string; readonly comment: string } {
  if (/[\r\n]/.test(text)) throw invalid('it has several lines. Add one key at a time')
  // Options may hold spaces within quotes.
  const words = [...text.matchAll(/(?:[^\s"]|"(?:[^"\\]|\\.)*")+/g)].map(([word]) => word)
  const at = words.findIndex((word) => /^(ssh|ecdsa|sk)-[\w@.-]+$/.test(word))
  const base64 = words[at + 1]
  if (at < 0 || base64 === undefined) throw invalid('it does not begin like ssh-ed25519 AAAA…')
  return { base64, comment: words.slice(at + 2).join(' ') }
}

function readRfc4716(text: string): { readonly base64: string; readonly comment: string } {
  const lines = text.split(/\r?\n/).map((line) => line.trim())
  const isFramed = lines[0] === '---- BEGIN SSH2 PUBLIC KEY ----' && lines.at(-1) === '---- END SSH2 PUBLIC KEY ----'
  if (!isFramed) throw invalid('its last line is missing')
  const body: string[] = []
  let comment = ''
  let isContinued = false
  for (const line of lines.slice(1, -1)) {
    const header = /^([\w-]{1,64}): *(.*)$/.exec(line)
    if (header || isContinued) {
      if (header?.[1]?.toLowerCase() === 'comment') comment = (header[2] ?? '').replace(/^"(.*)"$/, '$1')
      isContinued = line.endsWith('\\')
    } else body.push(line)
  }
  return { base64: body.join(''), comment }
}

/** @returns the name of its kind */
function checkBlob(blob: Buffer): string {
  const reader = new WireReader(blob)
  const algorithm = reader.string().toString('latin1')
  const jwk = readKey(algorithm, reader)
  if (!reader.isAtEnd) throw invalid('something stands behind its end')
  try {
    createPublicKey({ key: jwk, format: 'jwk' })
  } catch (cause) {
    throw invalid('its numbers are not a key', { cause })
  }
  return algorithm
}

function readKey(algorithm: string, reader: WireReader): JsonWebKey {
  switch (algorithm) {
    case 'ssh-ed25519': {
      const x = reader.string()
      if (x.length !== 32) throw invalid('an Ed25519 key has 32 bytes')
      return { kty: 'OKP', crv: 'Ed25519', x: x.toString('base64url') }
    }
    case 'ssh-rsa':
      return readRsa(reader)
    case 'ecdsa-sha2-nistp256':
    case 'ecdsa-sha2-nistp384':
    case 'ecdsa-sha2-nistp521':
      return readEcdsa(algorithm.slice('ecdsa-sha2-'.length) as keyof typeof CURVES, reader)
    case 'ssh-dss':
      throw invalid('DSA is broken. Make a new key with ssh-keygen -t ed25519')
    default:
      if (algorithm.includes('-cert-v01@')) throw invalid('certificates are not taken, only keys')
      if (algorithm.startsWith('sk-'))
        throw invalid('keys of security tokens are not taken here. Use ssh-keygen -t ed25519')
      throw invalid(`keys of the kind ${algorithm.replaceAll(/[^\w@.-]/g, '?').slice(0, 64)} are not known`)
  }
}

function readRsa(reader: WireReader): JsonWebKey {
  const e = reader.integer()
  const n = reader.integer()
  const bits = n.length * 8 - Math.clz32(n[0] ?? 0) + 24
  if (bits < SMALLEST_RSA_BITS) {
    throw invalid(`an RSA key of ${bits} bits is too weak. Make a new one with ssh-keygen -t ed25519`)
  }
  if (bits > LARGEST_RSA_BITS) throw invalid(`an RSA key of ${bits} bits is larger than is taken`)
  const exponent = BigInt(`0x${e.toString('hex') || '0'}`)
  if (exponent < 3n || exponent % 2n === 0n || e.length > 8 || ((n.at(-1) ?? 0) & 1) === 0) {
    throw invalid('its numbers are not a key')
  }
  return { kty: 'RSA', n: n.toString('base64url'), e: e.toString('base64url') }
}

function readEcdsa(name: keyof typeof CURVES, reader: WireReader): JsonWebKey {
  const curve = reader.string().toString('latin1')
  const point = reader.string()
  const size = name === 'nistp521' ? 66 : Number(name.slice(-3)) / 8
  if (curve !== name || point.length !== 1 + 2 * size || point[0] !== 4) throw invalid('its numbers are not a key')
  const [x, y] = [point.subarray(1, 1 + size), point.subarray(1 + size)]
  return { kty: 'EC', crv: CURVES[name], x: x.toString('base64url'), y: y.toString('base64url') }
}

/** Strings with their length before them (RFC 4251, 5). */
class WireReader {
  readonly #bytes: Buffer
  #offset = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#offset === this.#bytes.length
  }

  string(): Buffer {
    if (this.#offset + 4 > this.#bytes.length) throw invalid('it is cut off')
    const start = this.#offset + 4
    const end = start + this.#bytes.readUInt32BE(this.#offset)
    if (end > this.#bytes.length) throw invalid('it is cut off')
    this.#offset = end
    return this.#bytes.subarray(start, end)
  }

  /** Magnitude of a positive number without leading zeros. */
  integer(): Buffer {
    const bytes = this.string()
    if (((bytes[0] ?? 0) & 0x80) !== 0) throw invalid('its numbers are not a key')
    let start = 0
    while (bytes[start] === 0) start++
    return bytes.subarray(start)
  }
}

function invalid(reason: string, options?: ErrorOptions): AppError {
  return new AppError('SSH_KEY_INVALID', { reason }, options)
}
