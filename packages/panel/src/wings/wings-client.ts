/** What a Wings answered instead of a success. */
export class WingsRefusal extends Error {
  override readonly name = 'WingsRefusal'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** No answer, or none that can be read. */
export class WingsSilence extends Error {
  override readonly name = 'WingsSilence'
  /** The request may have been carried out. */
  readonly mayHaveArrived: boolean

  constructor(message: string, mayHaveArrived: boolean, options?: ErrorOptions) {
    super(message, options)
    this.mayHaveArrived = mayHaveArrived
  }
}

export interface WingsAddress {
  /** Such as `https://node.example.com:8080`. */
  readonly origin: string
  readonly secret: string
}

export interface WingsRequest {
  readonly body?: unknown
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs?: number
}

const TIMEOUT_MS = 15_000
const MAX_ANSWER_BYTES = 16 * 1024 * 1024
/** Wings answers refusals with a sentence; more of it is not shown. */
const MAX_REASON = 300
const NOT_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'])

/** Calls of one Wings, to the address of its node and to no other: no redirect is followed, no answer is read without end. */
export class WingsClient {
  readonly #address: WingsAddress

  constructor(address: WingsAddress) {
    this.#address = address
  }

  /**
   * @returns the JSON of the answer; undefined where it has none
   * @throws WingsRefusal, WingsSilence
   */
  async request(method: 'GET' | 'POST' | 'DELETE', path: string, options: WingsRequest = {}): Promise<unknown> {
    const timeout = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS)
    let response: Response
    let text: string
    try {
      response = await fetch(`${this.#address.origin}${path}`, {
        method,
        redirect: 'error',
        signal: options.signal ? AbortSignal.any([timeout, options.signal]) : timeout,
        headers: {
          authorization: `Bearer ${this.#address.secret}`,
          accept: 'application/json',
          ...(options.body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(options.body !== undefined && { body: JSON.stringify(options.body) }),
      })
      text = await readText(response)
    } catch (error) {
      if (error instanceof WingsSilence) throw error
      throw new WingsSilence('the node did not answer', mayHaveArrived(error), { cause: error })
    }
    if (!response.ok) throw new WingsRefusal(response.status, reasonOf(text))
    return text === '' ? undefined : parse(text)
  }
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > MAX_ANSWER_BYTES) throw new WingsSilence('the answer is too large', true)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new WingsSilence('the answer is not JSON', true, { cause: error })
  }
}

function reasonOf(text: string): string {
  const found = /"error"\s*:\s*("(?:[^"\\]|\\.)*")/.exec(text.slice(0, 4096))?.[1]
  return found === undefined ? 'no reason given' : String(parse(found)).slice(0, MAX_REASON)
}

function mayHaveArrived(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  return !NOT_CONNECTED.has(code)
}
