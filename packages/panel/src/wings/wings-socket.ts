import { WebSocket } from 'ws'

const HANDSHAKE_MS = 10_000
const MAX_MESSAGE_BYTES = 1024 * 1024
const FIRST_RETRY_MS = 1_000
const LAST_RETRY_MS = 20_000

export interface WingsSocketOptions {
  readonly url: string
  /** Wings compares it with the address of the panel. */
  readonly origin: string
  /** A fresh token; asked for each time one is shown. */
  readonly token: () => string
  /** The node has accepted the token; called again after each reconnect. */
  readonly onReady: () => void
  readonly onEvent: (event: string, argument: string) => void
}

/** The socket of one server on a Wings, kept open: reconnects with a growing pause and renews its token. */
export class WingsSocket {
  readonly #options: WingsSocketOptions
  #socket: WebSocket | null = null
  #retry: NodeJS.Timeout | null = null
  #pauseMs = FIRST_RETRY_MS
  #isReady = false
  #isClosed = false

  constructor(options: WingsSocketOptions) {
    this.#options = options
    this.#open()
  }

  close(): void {
    this.#isClosed = true
    if (this.#retry) clearTimeout(this.#retry)
    this.#socket?.terminate()
  }

  #open(): void {
    const { url, origin } = this.#options
    const socket = new WebSocket(url, {
      origin,
      handshakeTimeout: HANDSHAKE_MS,
      maxPayload: MAX_MESSAGE_BYTES,
      perMessageDeflate: false,
      followRedirects: false,
    })
    this.#socket = socket
    this.#isReady = false
    socket.on('open', () => this.#authenticate())
    socket.on('message', (data, isBinary) => {
      if (!isBinary) this.#onMessage(String(data))
    })
    // `close` follows every error.
    socket.on('error', () => socket.terminate())
    socket.on('close', () => this.#onClose())
  }

  #onClose(): void {
    if (this.#isClosed) return
    this.#retry = setTimeout(() => this.#open(), this.#pauseMs).unref()
    this.#pauseMs = Math.min(this.#pauseMs * 2, LAST_RETRY_MS)
  }

  #authenticate(): void {
    this.#socket?.send(JSON.stringify({ event: 'auth', args: [this.#options.token()] }))
  }

  #onMessage(text: string): void {
    const message = parse(text)
    if (!message) return
    const [event, argument] = message
    switch (event) {
      case 'auth success':
        this.#pauseMs = FIRST_RETRY_MS
        // A renewed token is answered like the first one.
        if (!this.#isReady) this.#options.onReady()
        this.#isReady = true
        return
      case 'token expiring':
        return this.#authenticate()
      case 'token expired':
      case 'jwt error':
        // With a pause and a fresh token: a node that has just started refuses tokens of the same second.
        this.#socket?.terminate()
        return
      default:
        if (this.#isReady) this.#options.onEvent(event, argument)
    }
  }
}

function parse(text: string): readonly [event: string, argument: string] | null {
  let message: unknown
  try {
    message = JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
  if (typeof message !== 'object' || message === null || !('event' in message)) return null
  const args: unknown = 'args' in message ? message.args : []
  const first: unknown = Array.isArray(args) ? args[0] : undefined
  return typeof message.event === 'string' ? [message.event, typeof first === 'string' ? first : ''] : null
}
