import type { FileTree, Volume } from '@hatchery/core/runtime'
import { FilesProcess } from './files-process.ts'
import { createProcessFileTree } from './process-file-tree.ts'

const IDLE_MS = 60_000

export interface FilesProcessesOptions {
  /** @default 60 s */
  readonly idleMs?: number
  /** What a process says before it dies. */
  readonly onError: (server: string, text: string) => void
}

/** One files process for each server that somebody works with. */
export class FilesProcesses implements AsyncDisposable {
  readonly #options: FilesProcessesOptions
  /** By data directory: another version of the data is another process. */
  readonly #processes = new Map<string, FilesProcess>()

  constructor(options: FilesProcessesOptions) {
    this.#options = options
  }

  /** The files of a volume, reached as the server's own identity. */
  treeOf(volume: Volume, owner: { readonly uid: number; readonly gid: number }): FileTree {
    const { idleMs = IDLE_MS, onError } = this.#options
    let found = this.#processes.get(volume.dataDirectory)
    if (!found) {
      // Those that have ended need no place; they are cheap to make again.
      for (const [directory, other] of this.#processes) if (!other.isRunning) this.#processes.delete(directory)
      found = new FilesProcess({ volume, ...owner, idleMs, onError: (text) => onError(volume.server, text) })
      this.#processes.set(volume.dataDirectory, found)
    }
    return createProcessFileTree(volume.server, found)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#processes.values()].map((one) => one.close()))
  }
}
