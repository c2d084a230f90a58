import type { EphemeralEvent } from '@hatchery/core/protocol'

/** What can be watched; the first word of its two methods. */
const KINDS = ['console', 'stats', 'files'] as const
export type WatchKind = (typeof KINDS)[number]
export type WatchMethod = `${WatchKind}.${'watch' | 'unwatch'}`
/** Who listens in this very process. */
export const HERE = 'here'

/** What is watched: a server, or a directory of one. */
export interface WatchParams {
  readonly server: string
  readonly path?: string
}

interface Watch extends EndedWatch {
  readonly watchers: Set<string>
}

/** A watch that nobody shares any more. */
export interface EndedWatch {
  readonly node: number
  readonly kind: WatchKind
  readonly params: WatchParams
}

/**
 * Who listens to what at the nodes connected here. A node knows one watch per server or directory; here it is shared, so that
 * the last one who listens ends it and nobody else does.
 */
export class Watches {
  readonly #watches = new Map<string, Watch>()

  /** Passes on what the node has to know; a watch that others share is ended by the last of them only. */
  async call(
    watcher: string,
    node: number,
    method: WatchMethod,
    params: WatchParams,
    pass: () => Promise<unknown>,
  ): Promise<unknown> {
    const [kind, verb] = method.split('.') as [WatchKind, 'watch' | 'unwatch']
    const key = keyOf(kind, params)
    if (verb === 'unwatch') return this.#remove(watcher, key) ? pass() : {}

    const watch = this.#watches.get(key) ?? { node, kind, params, watchers: new Set() }
    this.#watches.set(key, watch)
    const isNew = !watch.watchers.has(watcher)
    // Before the node answers: events may come first.
    watch.watchers.add(watcher)
    try {
      return await pass()
    } catch (error) {
      if (isNew) this.#remove(watcher, key)
      throw error
    }
  }

  /** Whether somebody who listens from there gets an event. */
  isWanted(watcher: string, event: EphemeralEvent): boolean {
    if (event.name === 'progress') return true
    const kind = event.name === 'files.changed' ? 'files' : event.name
    return this.#watches.get(keyOf(kind, event.data))?.watchers.has(watcher) === true
  }

  /** A node forgets what it was told to watch with its connection. */
  forgetNode(node: number): void {
    for (const [key, watch] of this.#watches) if (watch.node === node) this.#watches.delete(key)
  }

  /** @returns what nobody watches any more */
  forgetWatcher(watcher: string): readonly EndedWatch[] {
    return [...this.#watches].flatMap(([key, watch]) =>
      watch.watchers.has(watcher) && this.#remove(watcher, key) ? [watch] : [],
    )
  }

  /** @returns whether it was the last one */
  #remove(watcher: string, key: string): boolean {
    const watch = this.#watches.get(key)
    watch?.watchers.delete(watcher)
    if (watch && watch.watchers.size > 0) return false
    this.#watches.delete(key)
    return true
  }
}

export function isWatchMethod(method: string): method is WatchMethod {
  const [kind = '', verb] = method.split('.')
  return KINDS.some((one) => one === kind) && (verb === 'watch' || verb === 'unwatch')
}

function keyOf(kind: WatchKind, { server, path = '' }: WatchParams): string {
  return kind === 'files' ? `${kind}:${server}:${path}` : `${kind}:${server}`
}
