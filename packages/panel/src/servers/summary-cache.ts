/** A server in a list: what the list query selects. */
export interface SummaryKey {
  readonly id: number
  readonly summaryRevision: number
  /** Permission names of the caller as JSON, `["*"]` for all. */
  readonly permissions: string
}

/** Serialised rows of the server list by (id, summary revision); the caller's own fields are put in outside of it. */
export interface SummaryCache {
  /** JSON of a `ServerSummary` per key, in the order of the keys; servers that are gone meanwhile are left out. */
  render(keys: readonly SummaryKey[]): Promise<readonly string[]>
  /** Called when a node connects or disconnects, is renamed or changes its runtime. */
  forgetNode(nodeId: number): void
}
