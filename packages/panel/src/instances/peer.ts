import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Agent, request, type ClientRequest, type IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { errorFromBody, type ErrorBody } from '@hatchery/core/errors'
import type { Logger } from 'pino'
import { FrameReader, type InstanceFrame } from './frames.ts'
import { SealedExchange } from './sealed-exchange.ts'

/** Without a sign of life for so long, the other end is gone; it sends one every five seconds. */
const SILENCE_MS = 15_000
const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 2_000

/** The other instance did not get the request: it may be asked again, there or elsewhere. */
export class NotReached extends Error {}

export interface PeerParts {
  readonly secret: Uint8Array
  readonly log: Logger
  readonly now: () => number
}

export interface PeerListener {
  /** Events arrive, or they do no more. */
  onChange(): void
  onFrame(frame: InstanceFrame): void
}

interface Exchange {
  readonly sealed: SealedExchange
  readonly headers: Record<string, string>
}

/** Another instance of the panel: requests to it, and one stream of events from it that is opened again until `close`. */
export class Peer {
  readonly instance: string
  readonly address: string
  readonly #parts: PeerParts
  readonly #listener: PeerListener
  readonly #agent = new Agent({ keepAlive: true, timeout: 20_000 })
  #stream: string | null = null
  #streamRequest: ClientRequest | null = null
  #retry: NodeJS.Timeout | null = null
  #failures = 0
  #isClosed = false

  constructor(instance: string, address: string, parts: PeerParts, listener: PeerListener) {
    this.instance = instance
    this.address = address
    this.#parts = parts
    this.#listener = listener
    this.#open()
  }

  /** Names the stream of events to this instance; null while there is none. */
  get stream(): string | null {
    return this.#stream
  }

  /** @throws NotReached; AppError as the other instance answered it; Error when nobody knows whether it was carried out */
  async ask(path: string, body: unknown, signal: AbortSignal): Promise<unknown> {
    const exchange = this.#exchange(path)
    const { response } = await this.#post(exchange, path, body, signal)
    const answer = exchange.sealed.openAnswer(await buffer(response)) as { result?: unknown; error?: ErrorBody }
    if (answer.error) throw errorFromBody(answer.error)
    return answer.result
  }

  close(): void {
    this.#isClosed = true
    if (this.#retry) clearTimeout(this.#retry)
    this.#streamRequest?.destroy()
    this.#agent.destroy()
    this.#stream = null
  }

  #open(): void {
    this.#read()
      .catch((error: unknown) => {
        if (this.#isClosed) return
        const level = this.#failures === 3 ? 'warn' : 'debug'
        const { instance, address } = this
        this.#parts.log[level]({ err: error, instance, address }, 'another instance cannot be reached; trying again')
      })
      .finally(() => {
        const wasOpen = this.#stream !== null
        this.#stream = null
        if (this.#isClosed) return
        if (wasOpen) this.#listener.onChange()
        const delay = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures++)
        this.#retry = setTimeout(() => this.#open(), delay).unref()
      })
  }

  async #read(): Promise<void> {
    const exchange = this.#exchange('/stream')
    const { response } = await this.#post(exchange, '/stream', {}, undefined)
    const reader = new FrameReader()
    response.setTimeout(SILENCE_MS, () => response.destroy(new Error('nothing was heard of it')))
    for await (const chunk of response as AsyncIterable<Buffer>) {
      for (const bytes of reader.push(chunk)) this.#onFrame(exchange.sealed.openAnswer(bytes) as InstanceFrame)
    }
  }

  #onFrame(message: InstanceFrame): void {
    if (message.type === 'opened') {
      this.#stream = message.stream
      this.#failures = 0
      this.#listener.onChange()
    } else this.#listener.onFrame(message)
  }

  #exchange(path: string): Exchange {
    const time = String(this.#parts.now())
    const nonce = randomBytes(16).toString('base64url')
    return {
      sealed: new SealedExchange(this.#parts.secret, { target: this.instance, path, time, nonce }),
      headers: { 'x-hatchery-instance': this.instance, 'x-hatchery-time': time, 'x-hatchery-nonce': nonce },
    }
  }

  async #post(
    { sealed, headers }: Exchange,
    path: string,
    body: unknown,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly response: IncomingMessage }> {
    const bytes = sealed.sealRequest(body)
    const sent = request(new URL(path, this.address), {
      method: 'POST',
      agent: path === '/stream' ? false : this.#agent,
      headers: { ...headers, 'content-length': bytes.length },
      ...(signal && { signal }),
    })
    if (path === '/stream') this.#streamRequest = sent
    sent.end(bytes)
    try {
      const [response] = (await once(sent, 'response')) as [IncomingMessage]
      if (response.statusCode === 200) return { response }
      response.resume()
      throw new NotReached(`The instance ${this.instance} answered ${response.statusCode}.`)
    } catch (error) {
      throw isNeverSent(error) ? new NotReached(`The instance ${this.instance} is gone.`, { cause: error }) : error
    }
  }
}

function isNeverSent(error: unknown): boolean {
  if (!(error instanceof Error) || !('syscall' in error)) return false
  return error.syscall === 'connect' || error.syscall === 'getaddrinfo'
}
