import type { NodeSecret, SecretRing } from '../state/secret-ring.ts'

/**
 * Which secret the next connection proves itself with. One that the panel refuses is passed over until another was accepted or
 * all were refused: after a rotation that broke off, or with a panel restored from a copy, an older one still opens the door.
 */
export class SecretChoice {
  readonly #ring: SecretRing
  readonly #now: () => number
  readonly #refused = new Set<string>()
  #current: NodeSecret | null = null

  constructor(ring: SecretRing, now: () => number) {
    this.#ring = ring
    this.#now = now
  }

  /** Chosen by the last `choose`. */
  get current(): NodeSecret {
    return this.#current ?? this.choose()
  }

  /** Called before each attempt. @throws Error before enrolment */
  choose(): NodeSecret {
    const candidates = this.#ring.candidates()
    const [first] = candidates
    if (!first) throw new Error('This machine is not enrolled.')
    const next = candidates.find(({ keyId }) => !this.#refused.has(keyId))
    if (!next) this.#refused.clear()
    return (this.#current = next ?? first)
  }

  /** The panel has accepted the chosen one. */
  accept(): void {
    this.#ring.markUsed(this.current.keyId, this.#now())
    this.#refused.clear()
  }

  /** @returns whether there is another one to try */
  refuse(): boolean {
    this.#refused.add(this.current.keyId)
    return this.#ring.candidates().some(({ keyId }) => !this.#refused.has(keyId))
  }
}
