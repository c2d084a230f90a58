import type { AgentMethod } from '@hatchery/core/protocol'

export type WatchMethod = 'console.watch' | 'console.unwatch' | 'stats.watch' | 'stats.unwatch'
export type WatchKind = 'console' | 'stats'

interface Watch {
  readonly node: number
  readonly kind: WatchKind
  readonly server: string
  readonly watchers: Set<string>
}

/** A watch that nobody shares any more. */
export type EndedWatch = Pick<Watch, 'node' | 'kind' | 'server'>

/** Stands for the viewers of this instance, beside the streams of others. */
export const HERE = 'here'

/**
 * Who listens to what at the nodes connected here. A node knows one watch per server; here it is shared, so that the last
 * one to leave ends it and nobody else does.
 */
export class Watches {
  readonly #watches = new Map<string, Watch>()

  /** Passes a call on to the node unless somebody else still needs what it would end. */
  async call<T>(
    watcher: string,
    node: number,
    method: WatchMethod,
    server: string,
    pass: () => Promise<T>,
  ): Promise<T | Record<string, never>> {
    const kind: WatchKind = method.startsWith('console') ? 'console' : 'stats'
    if (method.endsWith('.unwatch')) {
      return this.#remove(watcher, kind, server) ? pass() : {}
    }
    const key = `${kind}:${server}`
    const watch = this.#watches.get(key) ?? { node, kind, server, watchers: new Set() }
    this.#watches.set(key, watch)
    const isNew = !watch.watchers.has(watcher)
    // Before the call: the first events come before its answer.
    watch.watchers.add(watcher)
    try {
      return await pass()
    } catch (error) {
      if (isNew) this.#remove(watcher, kind, server)
      throw error
    }
  }

  isWatchedBy(watcher: string, kind: WatchKind, server: string): boolean {
    return this.#watches.get(`${kind}:${server}`)?.watchers.has(watcher) === true
  }

  /** A node forgets what it was told to watch with its connection. */
  forgetNode(node: number): void {
    for (const [key, watch] of this.#watches) if (watch.node === node) this.#watches.delete(key)
  }

  /** @returns what nobody watches any more */
  forgetWatcher(watcher: string): readonly EndedWatch[] {
    return [...this.#watches.values()].filter(({ kind, server, watchers }) => {
      return watchers.has(watcher) && this.#remove(watcher, kind, server)
    })
  }

  /** @returns whether nobody is left */
  #remove(watcher: string, kind: WatchKind, server: string): boolean {
    const key = `${kind}:${server}`
    const watch = this.#watches.get(key)
    watch?.watchers.delete(watcher)
    if (watch && watch.watchers.size > 0) return false
    this.#watches.delete(key)
    return true
  }
}

export function isWatchMethod(method: AgentMethod): method is WatchMethod {
  return /^(?:console|stats)\.(?:un)?watch$/.test(method)
}
