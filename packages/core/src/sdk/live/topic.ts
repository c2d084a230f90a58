import { HatcheryError } from '../hatchery-error.ts'
import type { ConsoleLine, LiveMessage } from '../types.ts'
import type { NewRequest } from './connection.ts'
import { isCovered } from './cursor.ts'

export interface Listener {
  readonly onEvent: (event: unknown, cursor: string | undefined) => void
  readonly onResync: (() => void) | undefined
  readonly onEnd: (error: HatcheryError) => void
  readonly onReady: () => void
}

export interface TopicPort {
  readonly request: (request: NewRequest) => Promise<unknown>
  /** A listener threw: reported, never allowed to stop the others. */
  readonly onListenerError: (error: unknown) => void
  /** Nobody listens any more and the panel knows it. */
  readonly onIdle: () => void
  readonly retryDelayMs: number
}

/**
 * - `idle`: no subscription on the present socket.
 * - `asked`: sent, not answered yet; events may already come.
 * - `live`: answered.
 * - `leaving`: unsubscribed, not answered yet; what still comes belongs to the subscription that ends.
 */
type Phase = 'idle' | 'asked' | 'live' | 'leaving'

/** Refusals that time heals; every other one ends the subscription. */
const TRANSIENT: readonly string[] = [
  'RATE_LIMITED',
  'SERVICE_UNAVAILABLE',
  'NODE_UNREACHABLE',
  'NODE_TIMEOUT',
  'INTERNAL',
]

/** One topic on the wire, whatever the number of its listeners. Remembers how far it got, and goes on from there. */
export class Topic {
  readonly name: string
  readonly #port: TopicPort
  readonly #listeners = new Set<Listener>()
  #phase: Phase = 'idle'
  #cursor: string | undefined
  /** Events up to here were delivered over an earlier socket. */
  #resumedFrom: string | undefined
  #generation = 0
  #retry: ReturnType<typeof setTimeout> | undefined

  constructor(name: string, port: TopicPort) {
    this.name = name
    this.#port = port
  }

  get cursor(): string | undefined {
    return this.#cursor
  }

  add(listener: Listener, cursor: string | undefined, isOpen: boolean): void {
    if (this.#listeners.size === 0) this.#cursor = cursor
    this.#listeners.add(listener)
    if (this.#phase === 'live') listener.onReady()
    else if (this.#phase === 'idle' && isOpen && this.#retry === undefined) this.subscribe()
  }

  remove(listener: Listener): void {
    if (!this.#listeners.delete(listener) || this.#listeners.size > 0) return
    clearTimeout(this.#retry)
    this.#retry = undefined
    if (this.#phase === 'idle') this.#port.onIdle()
    else if (this.#phase !== 'leaving') this.#leave()
  }

  /** Asks for the topic over a socket that is open; called for each new socket. */
  subscribe(): void {
    if (this.#listeners.size === 0) {
      this.#port.onIdle()
      return
    }
    clearTimeout(this.#retry)
    this.#retry = undefined
    this.#phase = 'asked'
    this.#resumedFrom = this.#cursor
    const generation = (this.#generation += 1)
    const cursor = this.#cursor
    this.#port.request({ type: 'subscribe', topic: this.name, ...(cursor === undefined ? {} : { cursor }) }).then(
      () => {
        if (generation !== this.#generation || this.#phase !== 'asked') return
        this.#phase = 'live'
        for (const listener of this.#listeners) listener.onReady()
      },
      (error: HatcheryError) => {
        if (generation === this.#generation && this.#phase === 'asked') this.#refused(error)
      },
    )
  }

  /** The socket is gone. */
  dropped(): void {
    this.#generation += 1
    this.#phase = 'idle'
    clearTimeout(this.#retry)
    this.#retry = undefined
    if (this.#listeners.size === 0) this.#port.onIdle()
  }

  receive(message: LiveMessage): void {
    if (this.#phase !== 'asked' && this.#phase !== 'live') return
    if (message.type === 'event') this.#deliver(message.event, message.cursor)
    else if (message.type === 'resync') this.#resync()
    else if (message.type === 'revoked') {
      this.end(new HatcheryError({ code: message.code, message: `Access to ${this.name} has ended.`, status: 403 }))
    }
  }

  /** Ends the topic for all who listen. */
  end(error: HatcheryError): void {
    this.#generation += 1
    this.#phase = 'idle'
    clearTimeout(this.#retry)
    const listeners = [...this.#listeners]
    this.#listeners.clear()
    this.#port.onIdle()
    for (const listener of listeners) this.#guard(() => listener.onEnd(error))
  }

  #deliver(event: unknown, cursor: string | undefined): void {
    const fresh = this.#withoutDelivered(event, cursor)
    if (fresh === undefined) return
    // First the cursor: a listener that unsubscribes or throws has had its event.
    if (cursor !== undefined) this.#cursor = cursor
    for (const listener of Array.from(this.#listeners)) this.#guard(() => listener.onEvent(fresh, cursor))
  }

  /**
   * What of an event is new after a resume; undefined when all of it was delivered before. Console lines come exactly
   * once. The other topics carry states: one that is told again at the same place may still be another.
   */
  #withoutDelivered(event: unknown, cursor: string | undefined): unknown {
    const upTo = this.#resumedFrom
    if (upTo === undefined || !this.name.startsWith('server-console:') || !hasLines(event)) return event
    if (cursor !== undefined && isCovered(cursor, upTo)) return undefined
    const lines = event.lines.filter(({ run, line }) => !isCovered(`${run}:${line}`, upTo))
    return lines.length === event.lines.length ? event : { ...event, lines }
  }

  #resync(): void {
    this.#cursor = undefined
    this.#resumedFrom = undefined
    for (const listener of Array.from(this.#listeners)) this.#guard(() => listener.onResync?.())
  }

  #refused(error: HatcheryError): void {
    this.#phase = 'idle'
    // The next socket asks again by itself.
    if (isOfSocket(error)) return
    if (!TRANSIENT.includes(error.code)) {
      this.end(error)
      return
    }
    this.#retry = setTimeout(() => this.subscribe(), error.retryAfterMs ?? this.#port.retryDelayMs)
  }

  #leave(): void {
    this.#phase = 'leaving'
    const generation = (this.#generation += 1)
    const left = (): void => {
      if (generation !== this.#generation) return
      this.#phase = 'idle'
      this.subscribe()
    }
    this.#port.request({ type: 'unsubscribe', topic: this.name }).then(left, (error: HatcheryError) => {
      if (!isOfSocket(error)) left()
    })
  }

  #guard(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.#port.onListenerError(error)
    }
  }
}

/** The socket failed, not the request. */
function isOfSocket(error: HatcheryError): boolean {
  return error.code === 'CONNECTION_LOST' || error.code === 'TIMEOUT'
}

function hasLines(event: unknown): event is { readonly lines: readonly ConsoleLine[] } {
  return typeof event === 'object' && event !== null && 'lines' in event && Array.isArray(event.lines)
}
