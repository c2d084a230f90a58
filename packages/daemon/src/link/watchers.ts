import { ConsoleWatch, watchFrom } from '../console/console-watch.ts'
import { parseCursor } from '../console/cursor.ts'
import { DirectoryWatches } from '../server-files/index.ts'
import type { PanelFeed } from '../servers/server-context.ts'
import type { ServerSupervisor } from '../servers/server-supervisor.ts'

const STATS_INTERVAL_MS = 1_000

/** What the panel watches during one session; all of it ends with the session. */
export class Watchers {
  readonly #panel: PanelFeed
  readonly #onError: (server: string, error: unknown) => void
  readonly #consoles = new Map<string, ConsoleWatch>()
  readonly #stats = new Map<string, NodeJS.Timeout>()
  readonly directories: DirectoryWatches

  constructor(panel: PanelFeed, onError: (server: string, error: unknown) => void) {
    this.#panel = panel
    this.#onError = onError
    this.directories = new DirectoryWatches({ panel, onError })
  }

  /** Watching again begins anew at the given place. */
  watchConsole(server: ServerSupervisor, after: string | null, tail: number): void {
    const cursor = watchFrom(server.console, after === null ? null : parseCursor(after), tail)
    this.unwatchConsole(server.id)
    this.#consoles.set(server.id, new ConsoleWatch(server.id, server.console, this.#panel, cursor))
  }

  unwatchConsole(server: string): void {
    this.#consoles.get(server)?.close()
    this.#consoles.delete(server)
  }

  watchStats(server: ServerSupervisor): void {
    this.unwatchStats(server.id)
    const read = async () => {
      try {
        const stats = await server.stats()
        if (stats) this.#panel.emit({ name: 'stats', data: { server: server.id, stats } })
      } catch (error) {
        this.#onError(server.id, error)
      } finally {
        if (this.#stats.has(server.id))
          this.#stats.set(
            server.id,
            setTimeout(() => void read(), STATS_INTERVAL_MS),
          )
      }
    }
    this.#stats.set(
      server.id,
      setTimeout(() => void read(), 0),
    )
  }

  unwatchStats(server: string): void {
    clearTimeout(this.#stats.get(server))
    this.#stats.delete(server)
  }

  close(): void {
    this.directories.close()
    for (const server of [...this.#consoles.keys()]) this.unwatchConsole(server)
    for (const server of [...this.#stats.keys()]) this.unwatchStats(server)
  }
}
