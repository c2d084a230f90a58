import type { AgentHandlers, DataStream } from '@hatchery/core/protocol'
import type { RevisionAuthor } from '@hatchery/core/runtime'
import { keepBefore, keepSaved, type HistoryFiles } from '../history/index.ts'
import type { FileHandlerOptions } from './file-handlers.ts'

type HistoryMethod = 'files.history' | 'files.lost' | 'files.revision' | 'files.restoreRevision' | 'files.forgetHistory'
type Author = Pick<RevisionAuthor, 'user' | 'name'>

const PIECE_BYTES = 256 * 1024

/** What the agent does for the panel with what files once were. */
export function historyHandlers({
  files,
  sockets,
  onFault,
}: Pick<FileHandlerOptions, 'files' | 'sockets' | 'onFault'>): Pick<AgentHandlers, HistoryMethod> {
  return {
    async 'files.history'({ server, path }) {
      const { tree } = await files.toRead(server)
      return { revisions: (await tree.history.list(path)).map((revision) => ({ ...revision })) }
    },

    async 'files.lost'({ server }) {
      const { tree } = await files.toRead(server)
      return { files: (await tree.history.listLost()).map((file) => ({ ...file })) }
    },

    async 'files.revision'({ server, revision, ticket }, signal) {
      const { tree } = await files.toRead(server)
      const found = await tree.history.find(revision)
      const content = await tree.history.read(revision)
      const stream = await sockets.open(ticket, signal)
      void sendContent(content, stream).catch((error: unknown) => onFault(server, error))
      return { revision: { ...found } }
    },

    async 'files.restoreRevision'({ server, revision, ifRevision, mode, author }) {
      const open = await files.toWrite(server)
      const { path } = await open.tree.history.find(revision)
      const content = await open.tree.history.read(revision)
      const fault = (error: unknown) => onFault(server, error)
      const entry = await savingFor(open, path, { ...author, via: 'restore' }, fault, async () => {
        await open.quota.take(content.length)
        const options = { mustExist: mode === 'replace', ifRevision: ifRevision ?? undefined }
        return open.tree.write(path, content, options)
      })
      return { entry: { ...entry }, path }
    },

    async 'files.forgetHistory'({ server, path }) {
      const { tree, quota } = await files.toWrite(server)
      const forgotten = await tree.history.forget(path)
      quota.forget()
      return { forgotten }
    },
  }
}

/** Saves a file with what it was before and what it is then; a save that fails changes no history but that. */
export async function savingFor<T>(
  open: HistoryFiles,
  path: string,
  { user, name, via }: Partial<Author> & Pick<RevisionAuthor, 'via'>,
  onFault: (error: unknown) => void,
  save: () => Promise<T>,
): Promise<T> {
  await keepBefore(open, path, onFault)
  const saved = await save()
  await keepSaved(open, path, { user: user ?? null, name: name ?? null, via }, onFault)
  return saved
}

async function sendContent(content: Uint8Array, stream: DataStream): Promise<void> {
  await using _stream = stream
  await stream.send(async function* (offset) {
    for (let at = offset; at < content.length; at += PIECE_BYTES) yield content.subarray(at, at + PIECE_BYTES)
  })
}
