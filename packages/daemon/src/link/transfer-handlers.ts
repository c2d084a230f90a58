import type { AgentHandlers, TransferMethod } from '@hatchery/core/protocol'
import {
  beginArchive,
  previewRenames,
  receiveFiles,
  renameEntries,
  type DirectoryWatches,
  type FileJobs,
  type Pulls,
  type ServerFiles,
} from '../server-files/index.ts'
import type { DataSockets } from './data-sockets.ts'
import { runOperation, type OperationRunner } from './run-operation.ts'

export interface TransferHandlerOptions {
  readonly files: ServerFiles
  readonly pulls: Pulls
  readonly jobs: FileJobs
  readonly sockets: DataSockets
  /** Those of the session under way. */
  readonly directories: () => DirectoryWatches
  /** Told why a download ended early, once nobody waits for an answer any more. */
  readonly onFault: (server: string, error: unknown) => void
}

/** What the agent does with files that come from elsewhere, go as a whole, or get other names together. */
export function transferHandlers(
  { files, jobs, pulls, sockets, directories, onFault }: TransferHandlerOptions,
  runner: OperationRunner,
): Pick<AgentHandlers, TransferMethod> {
  return {
    'files.pull': (params) =>
      runOperation(runner, 'files.pull', params, async () => {
        pulls.begin(await files.toWrite(params.server), params)
        return {}
      }),

    async 'files.rename'({ server, directory, renames, isPreview }) {
      if (isPreview) return { renames: await previewRenames(await files.toRead(server), directory, renames) }
      return { renames: await renameEntries(await files.toWrite(server), directory, renames) }
    },

    async 'files.download'({ server, ticket, ...what }, signal) {
      const archive = await beginArchive(await files.toRead(server), what)
      try {
        const stream = await sockets.open(ticket, signal)
        void archive.sendTo(stream).catch((error: unknown) => onFault(server, error))
        return {}
      } catch (error) {
        await archive.cancel()
        throw error
      }
    },

    'files.receive': (params, signal) =>
      runOperation(runner, 'files.receive', params, async () => {
        const { server, operation, ticket, to, replace, estimatedBytes } = params
        const open = await files.toWrite(server)
        const stream = await sockets.open(ticket, signal)
        const what = { to, replace, estimatedBytes }
        jobs.begin(operation, server, 'receiving', (work) => receiveFiles(open, stream, what, work))
        return {}
      }),

    async 'files.watch'({ server, path }) {
      await directories().watch(await files.toRead(server), path)
      return {}
    },

    async 'files.unwatch'({ server, path }) {
      directories().unwatch(server, path)
      return {}
    },
  }
}
