import { HatcheryError } from '../hatchery-error.ts'
import type { LiveMessage, LiveRequest } from '../types.ts'
import type { SocketLike } from './socket.ts'

/** `closed`: not asked for yet, or closed for good. */
export type LiveStatus = 'connecting' | 'open' | 'reconnecting' | 'closed'

export interface ConnectionOptions {
  readonly open: () => SocketLike
  readonly random: () => number
  readonly baseDelayMs: number
  readonly maxDelayMs: number
  readonly pingIntervalMs: number
  readonly answerTimeoutMs: number
  readonly onStatus: (status: LiveStatus) => void
  /** The panel has said hello: what is to go on is asked for now. */
  readonly onOpen: () => void
  readonly onDrop: () => void
  readonly onMessage: (message: LiveMessage) => void
  /** The panel closed the connection because nobody is signed in (any more). */
  readonly onUnauthorized: () => void
}

/** Close codes after which trying again is of no use. */
const UNAUTHORIZED_CODES: readonly number[] = [4401, 4403]

type Unnumbered<T> = T extends unknown ? Omit<T, 'id'> : never
export type NewRequest = Unnumbered<LiveRequest>

interface Waiting {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: HatcheryError) => void
  readonly timer: ReturnType<typeof setTimeout>
}

/**
 * One logical connection over many sockets: opens, says when it is up, pings, and opens again after a pause.
 * What a replaced socket still says is ignored.
 */
export class LiveConnection {
  readonly #options: ConnectionOptions
  readonly #waiting = new Map<number, Waiting>()
  #status: LiveStatus = 'closed'
  #isFinished = false
  #socket: SocketLike | undefined
  #failures = 0
  #openedAt = 0
  #lastId = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(options: ConnectionOptions) {
    this.#options = options
  }

  get status(): LiveStatus {
    return this.#status
  }

  /** Connects if that has not happened yet. */
  start(): void {
    if (this.#status !== 'closed' || this.#isFinished) return
    this.#setStatus('connecting')
    this.#connect()
  }

  /** Tries at once instead of after the pause, for example when the device is back on line. */
  retryNow(): void {
    if (this.#status !== 'reconnecting' || this.#socket) return
    this.#connect()
  }

  /** Sends a request over the present socket; the answer, or why there is none. */
  request(request: NewRequest): Promise<unknown> {
    const socket = this.#socket
    if (this.#status !== 'open' || !socket) return Promise.reject(lost())
    const id = (this.#lastId += 1)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id)
        reject(new HatcheryError({ code: 'TIMEOUT', message: 'The panel did not answer in time.' }))
        // Asking again here could subscribe twice; only a new socket begins from a known state.
        if (request.type !== 'command') this.#abandon()
      }, this.#options.answerTimeoutMs)
      this.#waiting.set(id, { resolve, reject, timer })
      socket.send(JSON.stringify({ ...request, id }))
    })
  }

  /** Ends for good. */
  close(): void {
    this.#isFinished = true
    const socket = this.#socket
    this.#letGo()
    socket?.close(1000, 'closed')
    this.#setStatus('closed')
  }

  #connect(): void {
    clearTimeout(this.#timer)
    let socket: SocketLike
    try {
      socket = this.#options.open()
    } catch {
      // A platform that cannot even try (bad address, off line) is a failed attempt like any other.
      this.#dropped(1006)
      return
    }
    this.#socket = socket
    const mine = <A extends unknown[]>(react: (...args: A) => void) => {
      return (...args: A): void => {
        if (socket === this.#socket) react(...args)
      }
    }
    socket.addEventListener(
      'message',
      mine((event: { readonly data: unknown }) => this.#read(event.data)),
    )
    socket.addEventListener(
      'close',
      mine((event: { readonly code: number }) => this.#dropped(event.code)),
    )
    socket.addEventListener(
      'error',
      mine(() => this.#abandon()),
    )
    this.#timer = setTimeout(() => this.#abandon(), this.#options.answerTimeoutMs)
  }

  #read(data: unknown): void {
    const message = parse(data)
    if (!message) return
    if (message.type === 'hello') this.#greeted()
    else if (message.type === 'ok') this.#take(message.id)?.resolve(message.result)
    else if (message.type === 'error') this.#take(message.id)?.reject(new HatcheryError(message.error))
    if (message.type === 'error' && message.id === null && message.error.code === 'NOT_SIGNED_IN') {
      this.#signedOut()
      return
    }
    if (this.#status === 'open') this.#options.onMessage(message)
  }

  #greeted(): void {
    this.#openedAt = Date.now()
    this.#setStatus('open')
    this.#schedulePing()
    this.#options.onOpen()
  }

  #schedulePing(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.request({ type: 'ping' }).then(
        () => this.#schedulePing(),
        // The socket is gone or was just given up; the next one pings again.
        () => undefined,
      )
    }, this.#options.pingIntervalMs)
  }

  /** Gives a silent socket up; its own close event, if it ever comes, is then nobody's. */
  #abandon(): void {
    const socket = this.#socket
    this.#dropped(1006)
    socket?.close()
  }

  /** The panel said so before it closes the socket, for platforms that do not hand its close code on. */
  #signedOut(): void {
    const socket = this.#socket
    this.#dropped(4401)
    socket?.close()
  }

  #dropped(code: number): void {
    this.#letGo()
    if (this.#isFinished) return
    if (UNAUTHORIZED_CODES.includes(code)) {
      this.#setStatus('closed')
      this.#options.onUnauthorized()
      return
    }
    this.#setStatus('reconnecting')
    const { baseDelayMs, maxDelayMs, random } = this.#options
    const delayMs = Math.min(maxDelayMs, baseDelayMs * 2 ** Math.min(this.#failures, 16)) * (0.5 + random() / 2)
    this.#failures += 1
    this.#timer = setTimeout(() => this.#connect(), delayMs)
  }

  /** Forgets the socket and everything that was asked over it. */
  #letGo(): void {
    clearTimeout(this.#timer)
    // Only a connection that held for a while ends a series of failures.
    if (this.#status === 'open' && Date.now() - this.#openedAt >= this.#options.maxDelayMs) this.#failures = 0
    this.#socket = undefined
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    this.#options.onDrop()
    for (const { reject, timer } of waiting) {
      clearTimeout(timer)
      reject(lost())
    }
  }

  #take(id: number | null): Waiting | undefined {
    const waiting = id === null ? undefined : this.#waiting.get(id)
    if (id === null || !waiting) return undefined
    this.#waiting.delete(id)
    clearTimeout(waiting.timer)
    return waiting
  }

  #setStatus(status: LiveStatus): void {
    if (status === this.#status) return
    this.#status = status
    this.#options.onStatus(status)
  }
}

/** The request may have been carried out; nobody knows. */
function lost(): HatcheryError {
  return new HatcheryError({ code: 'CONNECTION_LOST', message: 'The connection was lost before the panel answered.' })
}

function parse(data: unknown): LiveMessage | undefined {
  try {
    const message: unknown = JSON.parse(String(data))
    const isMessage = typeof message === 'object' && message !== null && 'type' in message
    return isMessage ? (message as LiveMessage) : undefined
  } catch {
    // A panel sends JSON only; whatever else this is, it is not for us.
    return undefined
  }
}
