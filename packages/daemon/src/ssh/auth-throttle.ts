import { isIPv6 } from 'node:net'

/** First delay after a failure; it doubles with each further one. */
const STEP_MS = 250
const MAX_ADDRESS_DELAY_MS = 15_000
/** Names are known to many: whoever guesses at one must not keep its owner waiting for long. */
const MAX_NAME_DELAY_MS = 3_000
/** Failures count for so long after the last one. */
const MEMORY_MS = 10 * 60_000
/** Failures before anything is slowed: people mistype. */
const FREE = 3
const MAX_ENTRIES = 10_000

interface Entry {
  failures: number
  at: number
}

/**
 * Slows guessing down without locking anybody out: an address that fails waits longer each time, and so does a password for a
 * name that somebody fails at. Keys cannot be guessed, so one that fits waits for nobody else's failures.
 */
export class AuthThrottle {
  readonly #now: () => number
  readonly #addresses = new Map<string, Entry>()
  readonly #names = new Map<string, Entry>()

  constructor(now: () => number) {
    this.#now = now
  }

  /** How long a sign-in has to wait before it is looked at, in milliseconds. */
  delayOf({ address, username, kind }: Attempt): number {
    const own = delay(this.#find(this.#addresses, addressKey(address)), MAX_ADDRESS_DELAY_MS)
    if (kind === 'publicKey') return own
    return Math.max(own, delay(this.#find(this.#names, nameKey(username)), MAX_NAME_DELAY_MS))
  }

  fail({ address, username, kind }: Attempt): void {
    this.#count(this.#addresses, addressKey(address))
    if (kind === 'password') this.#count(this.#names, nameKey(username))
  }

  /** The address is somebody's who belongs here. */
  succeed({ address }: Pick<Attempt, 'address'>): void {
    this.#addresses.delete(addressKey(address))
  }

  #find(entries: Map<string, Entry>, key: string): number {
    const entry = entries.get(key)
    return entry && this.#now() - entry.at < MEMORY_MS ? entry.failures : 0
  }

  #count(entries: Map<string, Entry>, key: string): void {
    const failures = this.#find(entries, key) + 1
    // Behind those that failed before: the first of all is the one to be forgotten.
    entries.delete(key)
    entries.set(key, { failures, at: this.#now() })
    const oldest = entries.keys().next().value
    if (entries.size > MAX_ENTRIES && oldest !== undefined) entries.delete(oldest)
  }
}

export interface Attempt {
  readonly address: string
  readonly username: string
  readonly kind: 'publicKey' | 'password'
}

function delay(failures: number, maxMs: number): number {
  if (failures < FREE) return 0
  return Math.min(maxMs, STEP_MS * 2 ** Math.min(failures - FREE, 16))
}

/** Whoever has one IPv6 address has the network of it. */
export function addressKey(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '')
  if (!isIPv6(plain)) return plain
  const [head = '', tail] = plain.split('::')
  const groups = head === '' ? [] : head.split(':')
  if (tail !== undefined) {
    const last = tail === '' ? [] : tail.split(':')
    while (groups.length + last.length < 8) groups.push('0')
    groups.push(...last)
  }
  return groups.slice(0, 4).join(':').toLowerCase()
}

function nameKey(username: string): string {
  return username.slice(0, 255).toLowerCase()
}
