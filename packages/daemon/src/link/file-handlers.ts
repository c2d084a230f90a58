import { AppError } from '@hatchery/core/errors'
import type { AgentHandlers, DataStream, FileMethod } from '@hatchery/core/protocol'
import type { FileEntry, OpenFile, WriteOptions } from '@hatchery/core/runtime'
import {
  appendToUpload,
  changeModes,
  copyEntry,
  createEntry,
  deleteEntries,
  forEach,
  moveEntries,
  ownUpload,
  packEntries,
  requireUploader,
  trashExpiry,
  unpackEntry,
  uploadOf,
  type FileJobs,
  type ServerFiles,
} from '../server-files/index.ts'
import { archiveHandlers } from './archive-handlers.ts'
import { historyHandlers, savingFor } from './history-handlers.ts'
import type { DataSockets } from './data-sockets.ts'
import { runOperation, type OperationRunner } from './run-operation.ts'

const PIECE_BYTES = 256 * 1024

export interface FileHandlerOptions {
  readonly files: ServerFiles
  readonly jobs: FileJobs
  readonly sockets: DataSockets
  /** Told why a download ended early, once nobody waits for an answer any more. */
  readonly onFault: (server: string, error: unknown) => void
}

type Mode = 'create' | 'replace' | 'create-or-replace'

const optionsOf = (mode: Mode): Pick<WriteOptions, 'mustBeNew' | 'mustExist'> => ({
  mustBeNew: mode === 'create',
  mustExist: mode === 'replace',
})
/** What stands in the protocol's messages may be changed by its reader; ours is not. */
const sent = (entry: FileEntry) => ({ entry: { ...entry } })

/** What the agent does for the panel with files: bytes over data sockets, everything else in the answer. */
export function fileHandlers(
  { files, jobs, sockets, onFault }: FileHandlerOptions,
  runner: OperationRunner,
): Pick<AgentHandlers, FileMethod> {
  return {
    ...archiveHandlers({ files, sockets, onFault }),
    ...historyHandlers({ files, sockets, onFault }),

    async 'files.list'({ server, path, sort, offset, limit }) {
      const { tree } = await files.toRead(server)
      const { entries, total } = await tree.list(path, { sort, offset, limit })
      return { entries: [...entries], total }
    },

    async 'files.stat'({ server, path }) {
      const { tree } = await files.toRead(server)
      const entry = await tree.stat(path)
      return { entry: entry && { ...entry } }
    },

    async 'files.read'({ server, path, offset, length, ifRevision, ticket }, signal) {
      const { tree } = await files.toRead(server)
      const file = await tree.open(path)
      try {
        const entry = await file.stat()
        if (ifRevision !== null && entry.revision !== ifRevision) throw new AppError('REVISION_MISMATCH')
        const end = length === null ? entry.sizeBytes : Math.min(entry.sizeBytes, offset + length)
        const stream = await sockets.open(ticket, signal)
        void sendPart(file, stream, offset, end).catch((error: unknown) => onFault(server, error))
        return sent(entry)
      } catch (error) {
        await file[Symbol.asyncDispose]()
        throw error
      }
    },

    async 'files.write'({ server, path, ticket, ifRevision, mode, author }, signal) {
      const open = await files.toWrite(server)
      const { tree, quota } = open
      const options = { ...optionsOf(mode), ifRevision: ifRevision ?? undefined }
      await using stream = await sockets.open(ticket, signal)
      closeOnAbort(stream, signal)
      const fault = (error: unknown) => onFault(server, error)
      const save = () => tree.writeFrom(path, quota.metered(stream.receive()), options)
      return sent(await savingFor(open, path, { ...author, via: 'page' }, fault, save))
    },

    async 'files.create'({ server, path, type, target }) {
      return sent(await createEntry(await files.toWrite(server), { path, type, target }))
    },

    async 'files.move'({ server, ...params }) {
      return moveEntries(await files.toWrite(server), params)
    },

    'files.copy': (params) =>
      runOperation(runner, 'files.copy', params, async () => {
        const open = await files.toWrite(params.server)
        jobs.begin(params.operation, params.server, 'copying', (work) => copyEntry(open, params.from, params.to, work))
        return {}
      }),

    'files.pack': (params) =>
      runOperation(runner, 'files.pack', params, async () => {
        const { server, directory, names, to, format } = params
        const open = await files.toWrite(server)
        const what = { directory, names, to, format }
        jobs.begin(params.operation, server, 'packing', (work) => packEntries(open, what, work))
        return {}
      }),

    'files.unpack': (params) =>
      runOperation(runner, 'files.unpack', params, async () => {
        const open = await files.toWrite(params.server)
        jobs.begin(params.operation, params.server, 'unpacking', (work) => unpackEntry(open, params, work))
        return {}
      }),

    async 'files.delete'({ server, ...params }, signal) {
      return deleteEntries(await files.toWrite(server), params, signal)
    },

    async 'files.chmod'({ server, ...params }, signal) {
      return changeModes(await files.toWrite(server), params, signal)
    },

    async 'files.checksum'({ server, path, algorithm }, signal) {
      const { tree } = await files.toRead(server)
      return { checksum: await tree.checksum(path, algorithm, { signal }) }
    },

    async 'files.diskUse'({ server, path }, signal) {
      const { tree } = await files.toRead(server)
      const report = await tree.diskUse(path, { signal })
      return { ...report, children: report.children.map((child) => ({ ...child })) }
    },

    async 'files.search'({ server, path, ...options }, signal) {
      const { tree } = await files.toRead(server)
      const { matches, isPartial } = await tree.search(path, { ...options, signal })
      return { matches: matches.map((match) => ({ ...match, lines: [...match.lines] })), isPartial }
    },

    async 'uploads.begin'({ server, upload: id, owner, path, sizeBytes, mode }) {
      const { tree, quota } = await files.toWrite(server)
      await quota.require(sizeBytes)
      const state = await tree.uploads.begin({ id, owner, path, sizeBytes }, optionsOf(mode))
      return uploadOf(requireUploader(state, id, owner))
    },

    async 'uploads.read'({ server, upload, owner }) {
      return uploadOf(await ownUpload(await files.toRead(server), upload, owner))
    },

    async 'uploads.append'({ server, upload, owner, offset, ticket }, signal) {
      const open = await files.toWrite(server)
      await ownUpload(open, upload, owner)
      await using stream = await sockets.open(ticket, signal)
      closeOnAbort(stream, signal)
      return await appendToUpload(open, upload, offset, stream.receive())
    },

    async 'uploads.finish'({ server, upload, owner, author }) {
      const open = await files.toWrite(server)
      const { path } = await ownUpload(open, upload, owner)
      const fault = (error: unknown) => onFault(server, error)
      const finish = () => open.tree.uploads.finish(upload)
      return sent(await savingFor(open, path, { ...author, via: 'upload' }, fault, finish))
    },

    async 'uploads.cancel'({ server, upload, owner }) {
      const open = await files.toWrite(server)
      await ownUpload(open, upload, owner)
      await open.tree.uploads.cancel(upload)
      open.quota.forget()
      return {}
    },

    async 'trash.list'({ server }) {
      const { tree } = await files.toRead(server)
      const items = await tree.trash.list()
      return { items: items.map((item) => ({ ...item, expiresAt: trashExpiry(item) })) }
    },

    async 'trash.restore'({ server, items }) {
      const { tree } = await files.toWrite(server)
      return forEach(
        items,
        ({ id, path }) => path ?? id,
        ({ id, path }) => tree.trash.restore(id, path),
      )
    },

    async 'trash.delete'({ server, items }, signal) {
      const { tree, quota } = await files.toWrite(server)
      const ids = items ?? (await tree.trash.list()).map(({ id }) => id)
      const done = await forEach(
        ids,
        (id) => id,
        (id) => tree.trash.remove(id, { signal }),
      )
      quota.forget()
      return done
    },
  }
}

async function sendPart(file: OpenFile, stream: DataStream, begin: number, end: number): Promise<void> {
  await using _file = file
  await using _stream = stream
  await stream.send(async function* (offset, signal) {
    for (let at = begin + offset; at < end && !signal.aborted;) {
      const piece = await file.read(at, Math.min(PIECE_BYTES, end - at))
      // It has become shorter meanwhile: fewer bytes than were promised are an error to whoever counts them.
      if (piece.length === 0) throw new AppError('REVISION_MISMATCH')
      yield piece
      at += piece.length
    }
  })
}

function closeOnAbort(stream: DataStream, signal: AbortSignal): void {
  const end = () => stream.close('the call has ended')
  signal.addEventListener('abort', end, { once: true })
  void stream.closed.then(() => signal.removeEventListener('abort', end))
}
