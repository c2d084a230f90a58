/**
 * Wake-ups between the parts of the panel and, with Redis, between its instances. It carries hints only (RULES 8):
 * a lost message costs time, never truth. Messages published inside a transaction go out after its commit.
 */
export interface Bus {
  /** Delivers to every subscriber of the topic in every instance, this one included; at most once. */
  publish(topic: BusTopic, message: unknown): void
  subscribe(topic: BusTopic, listener: (message: unknown) => void): () => void
  /** Called after the connection to the other instances was lost and is back: everything may have been missed. */
  onReconnect(listener: () => void): () => void
  close(): Promise<void>
}

export type BusTopic = 'events' | 'revocations' | 'servers' | 'operations' | 'nodes' | 'sessions' | 'console' | 'stats'
