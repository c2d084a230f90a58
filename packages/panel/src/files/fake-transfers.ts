import { buffer } from 'node:stream/consumers'
import { AppError } from '@hatchery/core/errors'
import type { AgentHandlers, DataStream, EphemeralEvent, TransferMethod } from '@hatchery/core/protocol'
import { checkRenames } from '@hatchery/core/renames'

export interface FakeTransferParts {
  readonly content: Map<string, Buffer>
  readonly open: (ticket: string) => Promise<DataStream>
  readonly finish: (operation: string, server: string) => void
  readonly fail: (operation: string, server: string) => void
  readonly emit: (event: EphemeralEvent) => void
}

/** What a fake agent does with many files at once; one flat tree in memory. For tests. */
export class FakeTransfers {
  /** Directories that are watched, `<server> <path>`. */
  readonly watched = new Set<string>()
  /** Pieces of archives that were asked for so far. */
  sentPieces = 0
  /** Downloads that somebody still takes. */
  openDownloads = 0
  /** Bytes of a download that never end. */
  isEndless = false
  readonly #parts: FakeTransferParts

  constructor(parts: FakeTransferParts) {
    this.#parts = parts
  }

  /** Something in a directory has changed, and whoever watches it hears of it. */
  change(server: string, path: string, names: string[] | null): void {
    if (this.watched.has(`${server} ${path}`)) {
      this.#parts.emit({ name: 'files.changed', data: { server, path, names } })
    }
  }

  handlers(): Pick<AgentHandlers, TransferMethod> {
    const { content, open, finish, fail } = this.#parts
    return {
      'files.pull': async ({ server, operation, directory, name = 'pulled' }) => {
        content.set(directory === '' ? name : `${directory}/${name}`, Buffer.from('from the web'))
        finish(operation, server)
        return {}
      },
      'files.rename': async ({ renames, isPreview }) => {
        const problems = checkRenames(renames, new Set(content.keys()))
        const planned = renames.map((rename, index) => ({ ...rename, problem: problems[index] ?? null }))
        if (isPreview) return { renames: planned }
        const [bad] = planned.filter(({ problem }) => problem !== null)
        if (bad) throw new AppError('RENAME_CONFLICT', { count: 1, path: bad.to })
        const moved = renames.map(({ from, to }) => [to, content.get(from) ?? Buffer.alloc(0)] as const)
        for (const { from } of renames) content.delete(from)
        for (const [to, bytes] of moved) content.set(to, bytes)
        return { renames: planned }
      },
      'files.download': async ({ directory, names, ticket }) => {
        const paths = names.map((name) => (directory === '' ? name : `${directory}/${name}`))
        const pieces = paths.map((path) => {
          const bytes = content.get(path)
          if (!bytes) throw new AppError('FILE_NOT_FOUND', { path })
          return bytes
        })
        const stream = await open(ticket)
        const source = (signal: AbortSignal) => this.#pieces(pieces, signal)
        this.openDownloads += 1
        stream
          .send((_offset, signal) => source(signal))
          // The panel's end says what became of it.
          .catch(() => undefined)
          .finally(() => (this.openDownloads -= 1))
        return {}
      },
      'files.receive': async ({ server, operation, to, ticket }) => {
        const stream = await open(ticket)
        void (async () => {
          content.set(`${to}/received`, await buffer(stream.receive()))
          finish(operation, server)
        })().catch(() => fail(operation, server))
        return {}
      },
      'files.watch': async ({ server, path }) => {
        this.watched.add(`${server} ${path}`)
        return {}
      },
      'files.unwatch': async ({ server, path }) => {
        this.watched.delete(`${server} ${path}`)
        return {}
      },
    }
  }

  async *#pieces(pieces: readonly Buffer[], signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    for (const piece of pieces) {
      this.sentPieces += 1
      yield piece
    }
    while (this.isEndless && !signal.aborted) {
      this.sentPieces += 1
      yield Buffer.alloc(64 * 1024)
    }
  }
}
