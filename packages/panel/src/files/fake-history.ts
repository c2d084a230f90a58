import { createHash, randomUUID } from 'node:crypto'
import { AppError } from '@hatchery/core/errors'
import type { FileEntry, FileRevision } from '@hatchery/core/api'
import type { AgentHandlers, FileMethod } from '@hatchery/core/protocol'

type Author = { readonly user: string | null; readonly name: string | null }
type HistoryMethod = Extract<
  FileMethod,
  'files.history' | 'files.lost' | 'files.revision' | 'files.restoreRevision' | 'files.forgetHistory'
>

/** What the files of a fake agent once were. For tests. */
export class FakeHistory {
  readonly revisions: { readonly about: FileRevision; readonly content: Buffer }[] = []
  readonly #content: Map<string, Buffer>
  readonly #send: (ticket: string, bytes: Buffer) => Promise<void>
  readonly #entry: (path: string) => FileEntry

  constructor(
    content: Map<string, Buffer>,
    send: (ticket: string, bytes: Buffer) => Promise<void>,
    entry: (path: string) => FileEntry,
  ) {
    this.#content = content
    this.#send = send
    this.#entry = entry
  }

  keep(path: string, author: Author | undefined, via: FileRevision['via'] = 'page'): void {
    const content = this.#content.get(path) ?? Buffer.alloc(0)
    const { user = null, name = null } = author ?? {}
    const sha256 = createHash('sha256').update(content).digest('hex')
    const about = { id: randomUUID(), path, at: 0, user, name, via, sizeBytes: content.length, sha256 }
    this.revisions.unshift({ about, content })
  }

  handlers(): Pick<AgentHandlers, HistoryMethod> {
    return {
      'files.history': async ({ path }) => ({ revisions: this.#of(path) }),
      'files.lost': async () => ({
        files: this.revisions
          .filter(({ about }) => !this.#content.has(about.path))
          .map(({ about: { path, id, at, sizeBytes } }) => ({ path, revision: id, at, sizeBytes })),
      }),
      'files.revision': async ({ revision, ticket }) => {
        const { about, content } = this.#find(revision)
        await this.#send(ticket, content)
        return { revision: about }
      },
      'files.restoreRevision': async ({ revision, ifRevision, mode, author }) => {
        const { about, content } = this.#find(revision)
        const { path } = about
        if (mode === 'replace' && !this.#content.has(path)) throw new AppError('FILE_NOT_FOUND', { path })
        if (ifRevision !== null && (!this.#content.has(path) || this.#entry(path).revision !== ifRevision)) {
          throw new AppError('REVISION_MISMATCH')
        }
        this.#content.set(path, content)
        this.keep(path, author, 'restore')
        return { entry: this.#entry(path), path }
      },
      'files.forgetHistory': async ({ path }) => {
        const before = this.revisions.length
        const left = this.revisions.filter(({ about }) => path !== null && about.path !== path)
        this.revisions.splice(0, before, ...left)
        return { forgotten: before - left.length }
      },
    }
  }

  #of(path: string): FileRevision[] {
    return this.revisions.flatMap(({ about }) => (about.path === path ? [about] : []))
  }

  #find(id: string) {
    const found = this.revisions.find(({ about }) => about.id === id)
    if (!found) throw new AppError('FILE_REVISION_NOT_FOUND', { id })
    return found
  }
}
