import { HatcheryError } from '../hatchery-error.ts'
import type { LiveEvents } from '../types.ts'
import { LiveConnection, type LiveStatus } from './connection.ts'
import { liveUrl, socketOpener, type SocketClass } from './socket.ts'
import { Topic, type Listener } from './topic.ts'

export type LiveKind = keyof LiveEvents
/** `servers`, or a kind with the id it is about: `server-console:<id>`. */
export type LiveTopicName = LiveKind | `${LiveKind}:${string}`
/** The kind a topic's name begins with. */
export type KindOf<T extends LiveTopicName> = T extends `${infer K extends LiveKind}:${string}`
  ? K
  : T extends LiveKind
    ? T
    : never

export interface LiveClientOptions {
  /** Address of the panel with its prefix; empty means the page's own origin. */
  readonly url: string
  /** API key, outside browsers. Browsers send their session cookie. */
  readonly key?: string
  /** @default globalThis.WebSocket */
  readonly WebSocket?: SocketClass
  readonly onStatus?: (status: LiveStatus) => void
  /** The sign-in has ended; the client is closed. */
  readonly onUnauthorized?: () => void
  /** A handler threw. @default reported by `console.error` */
  readonly onHandlerError?: (error: unknown) => void
  /** First pause before connecting again; it doubles, and chance shortens it. @default 500 */
  readonly baseDelayMs?: number
  /** @default 15000 */
  readonly maxDelayMs?: number
  /** @default 20000 */
  readonly pingIntervalMs?: number
  /** Longest wait for an answer or for the panel's hello. @default 15000 */
  readonly answerTimeoutMs?: number
  /** @default Math.random */
  readonly random?: () => number
}

export interface SubscribeOptions {
  /** Go on after this cursor; without it, the topic starts with a snapshot of the newest. */
  readonly cursor?: string | undefined
  /** What was missed is too much to send: forget what was shown; a new snapshot follows. */
  readonly onResync?: () => void
  /** The topic was refused, or access to it ended. Nothing follows. */
  readonly onEnd?: (error: HatcheryError) => void
}

export interface LiveSubscription {
  readonly topic: string
  /** The last cursor that was delivered. */
  readonly cursor: string | undefined
  /** Resolves when the panel has accepted the topic; rejects when it refuses. */
  readonly ready: Promise<void>
  unsubscribe(): void
}

export interface LiveClient {
  readonly status: LiveStatus
  /** Calls with every change of the status; the returned function ends it. */
  onStatus(listener: (status: LiveStatus) => void): () => void
  /**
   * Every event of a topic once and in order, also across reconnects. Several handlers may share a topic; one that
   * joins later starts with the next event.
   */
  subscribe<T extends LiveTopicName>(
    topic: T,
    handler: (event: LiveEvents[KindOf<T>], meta: { readonly cursor: string | undefined }) => void,
    options?: SubscribeOptions,
  ): LiveSubscription
  /** Sends a line to a server's console, at most once; rejects with `CONNECTION_LOST` when nobody knows whether it arrived. */
  command(server: string, command: string): Promise<unknown>
  /** Connects now instead of after the pause. */
  reconnect(): void
  close(): void
}

/**
 * Makes a client of the live channel. It connects with the first subscription or command.
 * @example
 * const live = createLiveClient({ url: 'https://panel.example.com', key })
 * live.subscribe(`server-console:${id}`, ({ lines }) => lines.forEach((line) => console.log(line.text)))
 */
export function createLiveClient(options: LiveClientOptions): LiveClient {
  const topics = new Map<string, Topic>()
  const statusListeners = new Set<(status: LiveStatus) => void>()
  const whenOpen = new Set<() => void>()
  let isClosed = false
  if (options.onStatus) statusListeners.add(options.onStatus)
  const open = socketOpener(options.WebSocket)
  const headers = options.key === undefined ? {} : { authorization: `Bearer ${options.key}` }
  const baseDelayMs = options.baseDelayMs ?? 500
  const answerTimeoutMs = options.answerTimeoutMs ?? 15_000

  const connection = new LiveConnection({
    open: () => open(liveUrl(options.url), headers),
    random: options.random ?? Math.random,
    baseDelayMs,
    maxDelayMs: options.maxDelayMs ?? 15_000,
    pingIntervalMs: options.pingIntervalMs ?? 20_000,
    answerTimeoutMs,
    onStatus: (status) => statusListeners.forEach((listener) => listener(status)),
    onOpen: () => {
      for (const topic of topics.values()) topic.subscribe()
      for (const go of whenOpen) go()
    },
    onDrop: () => topics.forEach((topic) => topic.dropped()),
    onMessage: (message) => {
      if ('topic' in message) topics.get(message.topic)?.receive(message)
    },
    onUnauthorized: () => {
      endAll(new HatcheryError({ code: 'NOT_SIGNED_IN', message: 'The sign-in has ended.', status: 401 }))
      options.onUnauthorized?.()
    },
  })

  const topicNamed = (name: string): Topic => {
    const known = topics.get(name)
    if (known) return known
    const topic = new Topic(name, {
      request: (request) => connection.request(request),
      onListenerError: options.onHandlerError ?? ((error) => console.error(error)),
      onIdle: () => topics.delete(name),
      retryDelayMs: Math.max(baseDelayMs, 1000),
    })
    topics.set(name, topic)
    return topic
  }

  const endAll = (error: HatcheryError): void => {
    // A copy: who hears of the end may subscribe again at once.
    for (const topic of Array.from(topics.values())) topic.end(error)
  }

  /** Resolves when something can be sent. Nothing has been sent yet, so waiting for it repeats nothing. */
  const opened = (): Promise<void> => {
    connection.start()
    if (connection.status === 'open') return Promise.resolve()
    return new Promise((resolve, reject) => {
      const done = (): void => {
        clearTimeout(timer)
        whenOpen.delete(done)
        resolve()
      }
      const timer = setTimeout(() => {
        whenOpen.delete(done)
        reject(new HatcheryError({ code: 'NETWORK', message: 'There is no connection to the panel.' }))
      }, answerTimeoutMs)
      whenOpen.add(done)
    })
  }

  return {
    get status() {
      return connection.status
    },
    onStatus(listener) {
      statusListeners.add(listener)
      return () => void statusListeners.delete(listener)
    },
    subscribe(name, handler, subscribeOptions = {}) {
      const topic = topicNamed(name)
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      // Who does not wait for `ready` hears of a refusal through `onEnd`.
      promise.catch(() => undefined)
      const listener: Listener = {
        onEvent: (event, cursor) => handler(event as Parameters<typeof handler>[0], { cursor }),
        onResync: subscribeOptions.onResync,
        onReady: resolve,
        onEnd: (error) => {
          reject(error)
          subscribeOptions.onEnd?.(error)
        },
      }
      topic.add(listener, subscribeOptions.cursor, connection.status === 'open')
      if (isClosed) topic.end(closed())
      else connection.start()
      return {
        topic: name,
        get cursor() {
          return topic.cursor
        },
        ready: promise,
        unsubscribe: () => topic.remove(listener),
      }
    },
    async command(server, command) {
      if (!isClosed) await opened()
      if (isClosed) throw closed()
      return connection.request({ type: 'command', server, command })
    },
    reconnect: () => connection.retryNow(),
    close() {
      isClosed = true
      endAll(closed())
      for (const go of whenOpen) go()
      connection.close()
    },
  }
}

function closed(): HatcheryError {
  return new HatcheryError({ code: 'CLOSED', message: 'The live client was closed.' })
}
