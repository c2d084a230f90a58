import { AppError } from '@hatchery/core/errors'
import type { FileTree, ServerId } from '@hatchery/core/runtime'
import type { PanelFeed } from '../servers/server-context.ts'
import type { OpenServer } from './server-files.ts'

/** Directories of one server that are watched at once; each costs the machine a watch and the server's process its life. */
const MAX_PER_SERVER = 64

type Watched = Pick<OpenServer, 'server' | 'tree'>
type Changes = AsyncIterator<readonly string[] | null>
/** What says that a directory is none any more. */
const GONE: readonly string[] = ['FILE_NOT_FOUND', 'PATH_INVALID', 'PATH_OUTSIDE']

export interface DirectoryWatchesOptions {
  readonly panel: Pick<PanelFeed, 'emit'>
  readonly onError: (server: ServerId, error: unknown) => void
}

/** Directories whose changes the panel is told of, during one session. */
export class DirectoryWatches {
  readonly #options: DirectoryWatchesOptions
  readonly #watches = new Map<ServerId, Map<string, AbortController>>()

  constructor(options: DirectoryWatchesOptions) {
    this.#options = options
  }

  /**
   * Settles when every change from now on is told. Watching again begins anew.
   * @throws AppError `FILES_UNAVAILABLE` when the server has too many, and what watching throws
   */
  async watch({ server, tree }: Watched, path: string): Promise<void> {
    this.unwatch(server, path)
    const own = this.#watches.get(server) ?? new Map<string, AbortController>()
    if (own.size >= MAX_PER_SERVER) {
      throw new AppError('FILES_UNAVAILABLE', { reason: `${MAX_PER_SERVER} of its directories are watched already` })
    }
    const abort = new AbortController()
    own.set(path, abort)
    this.#watches.set(server, own)
    const changes = tree.watch(path, { signal: abort.signal })[Symbol.asyncIterator]()
    try {
      await changes.next()
    } catch (error) {
      this.#forget(server, path, abort)
      throw error
    }
    void this.#tell({ server, tree }, path, changes, abort)
  }

  unwatch(server: ServerId, path: string): void {
    const abort = this.#watches.get(server)?.get(path)
    if (abort) this.#forget(server, path, abort)
  }

  /** Ends everything. */
  close(): void {
    for (const [server, own] of [...this.#watches]) for (const path of [...own.keys()]) this.unwatch(server, path)
  }

  async #tell({ server, tree }: Watched, path: string, begun: Changes, abort: AbortController): Promise<void> {
    const { panel, onError } = this.#options
    const tell = (names: readonly string[] | null) =>
      panel.emit({ name: 'files.changed', data: { server, path, names: names && [...names] } })
    try {
      // One that was replaced by another of its name is watched on.
      for (let changes: Changes | null = begun; changes; changes = await begin(tree, path, abort.signal)) {
        for (let next = await changes.next(); next.done !== true; next = await changes.next()) {
          if (abort.signal.aborted) return
          tell(next.value)
        }
      }
    } catch (error) {
      if (abort.signal.aborted) return
      onError(server, error)
      // What happens from now on is told to nobody, so whoever looks at it looks once more.
      tell(null)
    } finally {
      this.#forget(server, path, abort)
    }
  }

  #forget(server: ServerId, path: string, abort: AbortController): void {
    abort.abort(new AppError('CANCELLED'))
    const own = this.#watches.get(server)
    if (own?.get(path) !== abort) return
    own.delete(path)
    if (own.size === 0) this.#watches.delete(server)
  }
}

/** Null where there is nothing to watch any more. */
async function begin(tree: FileTree, path: string, signal: AbortSignal): Promise<Changes | null> {
  if (signal.aborted) return null
  const changes = tree.watch(path, { signal })[Symbol.asyncIterator]()
  try {
    await changes.next()
    return changes
  } catch (error) {
    if (error instanceof AppError && GONE.includes(error.code)) return null
    throw error
  }
}
