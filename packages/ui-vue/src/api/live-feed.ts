import type { LiveEvents } from '@hatchery/core/sdk'
import type { ShallowRef } from 'vue'

export type LiveKind = keyof LiveEvents
export type LiveStatus = 'connecting' | 'open' | 'closed'

export interface LiveHandlers<K extends LiveKind> {
  /** Each event in order, once; `cursor` is what to go on after. */
  readonly onEvent: (event: LiveEvents[K], cursor?: string) => void
  /** Go on after this one; without it, the topic starts with a snapshot of the newest. */
  readonly cursor?: string
  /** Events may be missing before the next one: load the object again. */
  readonly onResync?: () => void
  /** Access ended; no event follows. */
  readonly onRevoked?: (code: string) => void
}

/** The one socket of this tab, as the app sees it. */
export interface LiveFeed {
  readonly status: Readonly<ShallowRef<LiveStatus>>
  /** `topic` is a kind, or a kind with an id (`server-console:<id>`). Answers how to end the subscription. */
  subscribe<K extends LiveKind>(kind: K, id: string | undefined, handlers: LiveHandlers<K>): () => void
  /** Opens the socket; before sign-in there is none. */
  open(): void
  close(): void
}
