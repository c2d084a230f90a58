import { AppError } from '@hatchery/core/errors'
import type { AgentHandlers, TransferMethod } from '@hatchery/core/protocol'
import { previewRenames, renameEntries, type Pulls, type ServerFiles } from '../server-files/index.ts'
import { runOperation, type OperationRunner } from './run-operation.ts'

export interface TransferHandlerOptions {
  readonly files: ServerFiles
  readonly pulls: Pulls
}

const unsupported = (capability: string) => async () => {
  throw new AppError('NODE_UNSUPPORTED', { node: 'this node', capability })
}

/** What the agent does with files that come from elsewhere, go as a whole, or get other names together. */
export function transferHandlers(
  { files, pulls }: TransferHandlerOptions,
  runner: OperationRunner,
): Pick<AgentHandlers, TransferMethod> {
  return {
    'files.pull': (params) =>
      runOperation(runner, 'files.pull', params, async () => {
        pulls.begin(await files.toWrite(params.server), params)
        return {}
      }),

    'files.download': unsupported('files.download'),
    'files.watch': unsupported('files.watch'),
    'files.unwatch': unsupported('files.unwatch'),

    async 'files.rename'({ server, directory, renames, isPreview }) {
      if (isPreview) return { renames: await previewRenames(await files.toRead(server), directory, renames) }
      return { renames: await renameEntries(await files.toWrite(server), directory, renames) }
    },
  }
}
