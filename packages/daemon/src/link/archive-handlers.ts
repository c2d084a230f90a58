import { AppError } from '@hatchery/core/errors'
import type { AgentHandlers } from '@hatchery/core/protocol'
import type { FileHandlerOptions } from './file-handlers.ts'

type ArchiveMethod = 'files.archiveList' | 'files.archiveStat' | 'files.archiveRead' | 'files.decompress'

/** What the agent does for the panel with what lies in archives. */
export function archiveHandlers(
  _options: Pick<FileHandlerOptions, 'files' | 'sockets' | 'onFault'>,
): Pick<AgentHandlers, ArchiveMethod> {
  const unsupported = (method: ArchiveMethod) => async () => {
    throw new AppError('NODE_UNSUPPORTED', { node: 'local', capability: method })
  }
  return {
    'files.archiveList': unsupported('files.archiveList'),
    'files.archiveStat': unsupported('files.archiveStat'),
    'files.archiveRead': unsupported('files.archiveRead'),
    'files.decompress': unsupported('files.decompress'),
  }
}
