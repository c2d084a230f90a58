import { ENDPOINTS } from './endpoints.ts'
import { HatcheryError } from './hatchery-error.ts'
import { readAnswer } from './answer.ts'
import { defaultRetry, retryDelayMs, wait, type RetryPolicy } from './retry.ts'
import type { EndpointTypes } from './types.ts'

export type EndpointName = keyof EndpointTypes

export interface ClientOptions {
  /** Address of the panel with its prefix, if it has one: `https://panel.example.com`. Empty: the page's own origin. */
  readonly url: string
  /** API key. Without one, a browser sends its session cookie. */
  readonly key?: string
  /** @default globalThis.fetch */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
  /** Cookies are sent to the page's own origin only; `include` sends them to a panel elsewhere. @default 'same-origin' */
  readonly credentials?: 'same-origin' | 'include' | 'omit'
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>
  /** Longest wait for one answer; 0 waits for ever. @default 60000 */
  readonly timeoutMs?: number
  /** How calls are repeated; `{ attempts: 1 }` never repeats. */
  readonly retry?: Partial<RetryPolicy>
  /** Called when the panel says that nobody is signed in; the call still throws. */
  readonly onUnauthorized?: (error: HatcheryError) => void
}

export interface CallExtras {
  readonly signal?: AbortSignal | undefined
  /** The revision the change is based on; when the object has changed since, the call fails with `REVISION_MISMATCH`. */
  readonly ifMatch?: number | undefined
  /** Names an intended call; without one, each unsafe call gets its own, the same on every automatic repetition. */
  readonly idempotencyKey?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly timeoutMs?: number | undefined
}

type Part<K extends string, T> = [T] extends [undefined]
  ? { readonly [P in K]?: undefined }
  : Record<never, never> extends T
    ? { readonly [P in K]?: T | undefined }
    : { readonly [P in K]: T }

/** What a call of one endpoint takes. */
export type CallOptions<K extends EndpointName> = Part<'params', EndpointTypes[K]['params']> &
  Part<'query', EndpointTypes[K]['query']> &
  Part<'body', EndpointTypes[K]['body']> &
  CallExtras

/** One endpoint as a function. The options can be left out when nothing in them is required. */
export type Call<K extends EndpointName> =
  Record<never, never> extends CallOptions<K>
    ? (options?: CallOptions<K>) => Promise<EndpointTypes[K]['response']>
    : (options: CallOptions<K>) => Promise<EndpointTypes[K]['response']>

/** Every endpoint of the panel as a typed function. */
export type Client = { readonly [K in EndpointName]: Call<K> }

/**
 * Makes a client of the panel's API. It has no state but its options: make as many as you like.
 * @example
 * const client = createClient({ url: 'https://panel.example.com', key: process.env.HATCHERY_KEY })
 * const { data } = await client.listServers({ query: { limit: 10 } })
 * await client.powerServer({ params: { server: data[0].id }, body: { action: 'start' } })
 */
export function createClient(options: ClientOptions): Client {
  const names = Object.keys(ENDPOINTS) as EndpointName[]
  const calls = names.map((name) => [name, (call: LooseCall = {}) => callEndpoint(options, name, call)])
  return Object.fromEntries(calls) as Client
}

interface LooseCall extends CallExtras {
  readonly params?: object | undefined
  readonly query?: object | undefined
  readonly body?: unknown
}

interface Endpoint {
  readonly method: string
  readonly path: string
  readonly class: string
  /** The body is raw bytes. */
  readonly takes?: 'bytes'
  /** A success is raw bytes, left in the response to be streamed. */
  readonly gives?: 'bytes'
}

async function callEndpoint(options: ClientOptions, name: EndpointName, call: LooseCall): Promise<unknown> {
  const endpoint: Endpoint = ENDPOINTS[name]
  const policy = { ...defaultRetry, ...options.retry }
  const url = options.url.replace(/\/+$/, '') + '/api/v1' + fillPath(endpoint.path, call.params) + queryText(call.query)
  const init: RequestInit = {
    method: endpoint.method,
    headers: requestHeaders(options, endpoint, call),
    credentials: options.key === undefined ? (options.credentials ?? 'same-origin') : 'omit',
    ...bodyOf(endpoint, call),
  }
  // A stream is used up by the first attempt.
  const isOneWay = call.body instanceof ReadableStream

  for (let attempt = 1; ; attempt += 1) {
    try {
      return await request(options, endpoint, url, init, call)
    } catch (error) {
      if (!(error instanceof HatcheryError)) throw error
      const delayMs = isOneWay ? undefined : retryDelayMs(policy, { attempt, error, operationClass: endpoint.class })
      if (delayMs !== undefined) {
        await wait(delayMs, call.signal)
        continue
      }
      if (error.code === 'NOT_SIGNED_IN') options.onUnauthorized?.(error)
      throw error
    }
  }
}

async function request(
  options: ClientOptions,
  endpoint: Endpoint,
  url: string,
  init: RequestInit,
  call: LooseCall,
): Promise<unknown> {
  const fetch = options.fetch ?? globalThis.fetch
  const hasBytes = endpoint.takes === 'bytes' || endpoint.gives === 'bytes'
  // Bytes take as long as they take.
  const timeoutMs = call.timeoutMs ?? (hasBytes ? 0 : (options.timeoutMs ?? 60_000))
  const timeout = timeoutMs > 0 ? AbortSignal.timeout(timeoutMs) : undefined
  const signals = [call.signal, timeout].filter((signal) => signal !== undefined)
  call.signal?.throwIfAborted()
  try {
    const response = await fetch(url, signals.length === 0 ? init : { ...init, signal: AbortSignal.any(signals) })
    return endpoint.gives === 'bytes' && response.ok ? response : await readAnswer(response)
  } catch (error) {
    if (error instanceof HatcheryError) throw error
    // The caller gave up: that is the caller's own error, not one of ours.
    call.signal?.throwIfAborted()
    if (timeout?.aborted) {
      throw new HatcheryError({ code: 'TIMEOUT', message: `No answer came within ${timeoutMs} ms.` }, { cause: error })
    }
    throw new HatcheryError({ code: 'NETWORK', message: 'The panel could not be reached.' }, { cause: error })
  }
}

function bodyOf(endpoint: Endpoint, { body }: LooseCall): RequestInit {
  if (body === undefined) return {}
  if (endpoint.takes !== 'bytes') return { body: JSON.stringify(body) }
  // A stream is only sent by who says that it does not wait for an answer meanwhile.
  const half = body instanceof ReadableStream ? { duplex: 'half' as const } : {}
  return { body: body as Blob | ReadableStream, ...half }
}

function requestHeaders(options: ClientOptions, endpoint: Endpoint, call: LooseCall): Record<string, string> {
  const takesBytes = endpoint.takes === 'bytes'
  const changesSomething = endpoint.method !== 'GET' && endpoint.class !== 'read' && !takesBytes
  return {
    accept: endpoint.gives === 'bytes' ? '*/*' : 'application/json',
    ...(call.body === undefined
      ? {}
      : { 'content-type': takesBytes ? 'application/octet-stream' : 'application/json' }),
    ...(options.key === undefined ? {} : { authorization: `Bearer ${options.key}` }),
    ...(changesSomething ? { 'idempotency-key': call.idempotencyKey ?? randomKey() } : {}),
    ...(call.ifMatch === undefined ? {} : { 'if-match': `"${call.ifMatch}"` }),
    ...options.headers,
    ...call.headers,
  }
}

function fillPath(path: string, params: object | undefined): string {
  const values = new Map(Object.entries(params ?? {}))
  return path.replace(/:(\w+)/g, (_, name: string) => {
    const value: unknown = values.get(name)
    // An empty value would silently name another endpoint: `/servers/` instead of one server.
    if (typeof value !== 'string' || value === '') throw new TypeError(`The path parameter "${name}" is missing.`)
    // URL parsers resolve dot segments, encoded or not, so no encoding would keep this one inside its place.
    if (value === '.' || value === '..') throw new TypeError(`The path parameter "${name}" is not valid.`)
    return encodeURIComponent(value)
  })
}

function queryText(query: object | undefined): string {
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null) search.append(key, String(value))
  }
  return search.size === 0 ? '' : `?${search.toString()}`
}

/** `crypto.randomUUID` is missing where a browser opened the panel without TLS; this is not. */
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
