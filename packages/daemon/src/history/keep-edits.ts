import type { RevisionAuthor } from '@hatchery/core/runtime'
import type { OpenServer } from '../server-files/index.ts'
import { keepBefore, keepSaved, type OnHistoryFault } from './keep-saves.ts'

/** Saves that wait at most; who writes more at once copies files and edits none. */
const MAX_WAITING = 64

/** The same files, but what a file is before it is opened to be changed in place is kept. */
export function keepingBefore(open: OpenServer, onFault: OnHistoryFault): OpenServer {
  const { tree } = open
  return {
    ...open,
    tree: {
      ...tree,
      async open(path, options = {}) {
        if (options.canWrite && options.create !== 'must-be-new') await keepBefore(open, path, onFault)
        return tree.open(path, options)
      },
    },
  }
}

interface Save {
  readonly open: () => Promise<OpenServer>
  readonly path: string
  readonly author: RevisionAuthor
  readonly onFault: OnHistoryFault
}

/** Keeps what was saved in place one after the other, behind the back of who saves. */
export class SavedEdits {
  readonly #waiting = new Map<string, Save>()
  #working: Promise<void> | null = null

  /** A file that is saved again before its turn is kept once. What finds no place is kept before its next change. */
  add(server: string, save: Save): void {
    const key = `${server}\0${save.path}`
    if (this.#waiting.size >= MAX_WAITING && !this.#waiting.has(key)) return
    this.#waiting.set(key, save)
    this.#working ??= this.#work().finally(() => (this.#working = null))
  }

  /** Settles when everything is kept. */
  async settled(): Promise<void> {
    await this.#working
  }

  async #work(): Promise<void> {
    for (let next = this.#take(); next; next = this.#take()) {
      const { open, path, author, onFault } = next
      try {
        await keepSaved(await open(), path, author, onFault)
      } catch (error) {
        onFault(error)
      }
    }
  }

  #take(): Save | null {
    for (const [key, save] of this.#waiting) {
      this.#waiting.delete(key)
      return save
    }
    return null
  }
}
