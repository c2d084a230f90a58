import { request as requestHttp, type IncomingMessage } from 'node:http'
import { request as requestHttps, type RequestOptions } from 'node:https'
import type { WebSocket } from 'ws'
import { AppError } from '@hatchery/core/errors'

export interface ClusterAccess {
  /** Address of the API server, such as `https://10.96.0.1:443`. */
  readonly url: string
  /** Bearer token; a function is asked for each request, because tokens of a cluster change every hour. */
  readonly token?: string | (() => Promise<string>)
  /** Certificates that the API server's own is checked against; those of the system without it. */
  readonly ca?: string
  /** A request that is not answered for this long is given up; streams may last. @default 30000 */
  readonly timeoutMs?: number
}

export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly query?: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly signal?: AbortSignal | undefined
}

/** The little of the Kubernetes REST API that servers need: objects, streams of text, and channels to a container. */
export class ClusterApi {
  readonly #access: ClusterAccess

  constructor(access: ClusterAccess) {
    this.#access = access
  }

  async call<T>(path: string, request: ApiRequest = {}): Promise<T> {
    const response = await this.#send(path, request)
    try {
      return JSON.parse(await readText(response)) as T
    } catch (error) {
      throw asAppError(error, request.signal)
    }
  }

  /** As {@link call}; null where there is no such object. */
  async find<T>(path: string, request: ApiRequest = {}): Promise<T | null> {
    try {
      return await this.call<T>(path, request)
    } catch (error) {
      if (isStatus(error, 404)) return null
      throw error
    }
  }

  /** Bytes of an answer that goes on; ends when the API server closes it, which it does whenever it likes. */
  async *stream(path: string, request: ApiRequest): AsyncGenerator<Buffer> {
    const response = await this.#send(path, request)
    try {
      yield* response as AsyncIterable<Buffer>
    } catch (error) {
      throw asAppError(error, request.signal)
    } finally {
      response.destroy()
    }
  }

  /** A WebSocket to a container, opened; each message begins with the number of its channel. */
  async channels(path: string, query: URLSearchParams, signal?: AbortSignal): Promise<WebSocket> {
    const { WebSocket: Socket } = await import('ws')
    const url = new URL(`${path}?${query.toString()}`, this.#access.url)
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
    const socket = new Socket(url, ['v5.channel.k8s.io', 'v4.channel.k8s.io'], {
      headers: await this.#headers(),
      handshakeTimeout: this.#timeoutMs,
      ...(this.#access.ca === undefined ? {} : { ca: this.#access.ca }),
    })
    await new Promise<void>((resolve, reject) => {
      const abort = () => socket.terminate()
      signal?.addEventListener('abort', abort, { once: true })
      const settle = (finish: () => void) => {
        signal?.removeEventListener('abort', abort)
        finish()
      }
      socket.once('open', () => settle(resolve))
      socket.on('error', (error) => settle(() => reject(asAppError(error, signal))))
      socket.once('unexpected-response', (_, response) => {
        response.resume()
        settle(() => reject(refusal(response.statusCode ?? 0, `it refused a channel with ${response.statusCode}`)))
      })
    })
    return socket
  }

  get #timeoutMs(): number {
    return this.#access.timeoutMs ?? 30_000
  }

  async #headers(): Promise<Record<string, string>> {
    const { token } = this.#access
    const value = typeof token === 'function' ? await token() : token
    return value === undefined ? {} : { authorization: `Bearer ${value}` }
  }

  /** Resolves with the head of an answer that is no refusal. */
  async #send(path: string, request: ApiRequest): Promise<IncomingMessage> {
    const { query, signal, method = 'GET' } = request
    if (signal?.aborted) throw new AppError('CANCELLED')
    const url = new URL(`${path}${query ? `?${new URLSearchParams(query).toString()}` : ''}`, this.#access.url)
    const headers = await this.#headers()
    const ask = (agent?: false) => this.#ask(url, { ...request, method }, headers, agent)
    // A connection that was kept may have been closed meanwhile; a question can be asked again on a new one.
    const response = await ask()
      .catch((error: unknown) => {
        if (method === 'GET' && error instanceof StaleConnection) return ask(false)
        throw error
      })
      .catch((error: unknown) => {
        throw asAppError(error, signal)
      })
    const status = response.statusCode ?? 0
    if (status < 300) return response
    throw refusal(status, await readText(response))
  }

  #ask(url: URL, request: ApiRequest, headers: Record<string, string>, agent?: false): Promise<IncomingMessage> {
    const { method, body, signal } = request
    const content = body === undefined ? undefined : JSON.stringify(body)
    const contentHeaders = {
      'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
      'content-length': String(Buffer.byteLength(content ?? '')),
    }
    const { ca } = this.#access
    const options: RequestOptions = {
      ...(method === undefined ? {} : { method }),
      headers: { accept: 'application/json', ...headers, ...(content === undefined ? {} : contentHeaders) },
      ...(signal ? { signal } : {}),
      ...(ca === undefined ? {} : { ca }),
      ...(agent === undefined ? {} : { agent }),
    }
    const send = url.protocol === 'https:' ? requestHttps : requestHttp
    return new Promise((resolve, reject) => {
      const sent = send(url, options, (answer) => {
        clearTimeout(timer)
        resolve(answer)
      })
      const timer = setTimeout(() => sent.destroy(new Error('it does not answer')), this.#timeoutMs)
      sent.on('error', (error: NodeJS.ErrnoException) => {
        clearTimeout(timer)
        const isStale = sent.reusedSocket && error.code === 'ECONNRESET'
        reject(isStale ? new StaleConnection(error.message, { cause: error }) : error)
      })
      sent.end(content)
    })
  }
}

class StaleConnection extends Error {}

/** HTTP status that the API server refused a call with. */
export function isStatus(error: unknown, status: number): boolean {
  return error instanceof AppError && error.details['clusterStatus'] === status
}

/** The API server is away. Servers run on meanwhile. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof AppError && error.code === 'RUNTIME_UNAVAILABLE'
}

function refusal(status: number, text: string): AppError {
  const reason = /"message":\s*"((?:[^"\\]|\\.)*)"/.exec(text)?.[1] ?? (text || `status ${status}`)
  // 429 and 5xx: an API server that is overloaded, restarts, or is not permitted to answer yet.
  const isAway = status === 429 || status >= 500
  const code = isAway ? 'RUNTIME_UNAVAILABLE' : 'RUNTIME_FAILED'
  return new AppError(code, { runtime: 'kubernetes', reason, clusterStatus: status })
}

function asAppError(error: unknown, signal: AbortSignal | undefined): AppError {
  if (signal?.aborted) return new AppError('CANCELLED', {}, { cause: error })
  if (error instanceof AppError) return error
  const reason = error instanceof Error ? error.message : String(error)
  return new AppError('RUNTIME_UNAVAILABLE', { runtime: 'kubernetes', reason }, { cause: error })
}

async function readText(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of response as AsyncIterable<Buffer>) parts.push(part)
  return Buffer.concat(parts).toString('utf8')
}
