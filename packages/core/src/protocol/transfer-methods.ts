import { Type } from 'typebox'
import { Nullable, Uuid } from '../api/schemas/common.ts'
import { ArchiveFormat, FileName, FilePath } from '../api/schemas/files.ts'
import { PullRequest, RenamePlan } from '../api/schemas/transfers.ts'
import type { MethodSpec } from './methods.ts'
import { operation } from './operation-fields.ts'
import { ticket } from './ticket.ts'

const server = Uuid
const Done = Type.Object({})
const { url, directory, name } = PullRequest.properties

/** Files that come from elsewhere, go as a whole, or get other names together. */
export const TRANSFER_METHODS = {
  'files.pull': {
    class: 'at-most-once',
    deadlineMs: 30_000,
    summary: 'Fetch a file from the web; progress and end arrive as events',
    params: Type.Object({ server, url, directory, name, replace: Type.Boolean(), ...operation }),
    result: Done,
  },
  'files.rename': {
    class: 'converge',
    deadlineMs: 60_000,
    summary: 'Give names of one directory other names, all or none of them; or say what stands in the way',
    params: Type.Object({
      server,
      directory: FilePath,
      renames: Type.Array(Type.Object({ from: FileName, to: Type.String({ maxLength: 4096 }) }), { maxItems: 1000 }),
      /** Nothing is done, and conflicts are no error. */
      isPreview: Type.Boolean(),
    }),
    result: RenamePlan,
  },
  'files.download': {
    class: 'read',
    deadlineMs: 30_000,
    summary:
      'Open a data socket and send names of one directory over it as an archive; the answer comes when it is open',
    params: Type.Object({
      server,
      directory: FilePath,
      names: Type.Array(FileName, { maxItems: 1000 }),
      format: ArchiveFormat,
      ticket,
    }),
    result: Done,
  },
  'files.receive': {
    class: 'at-most-once',
    deadlineMs: 30_000,
    summary:
      'Open a data socket and unpack the tar that comes over it into a directory; progress and end arrive as events',
    params: Type.Object({
      server,
      to: FilePath,
      replace: Type.Boolean(),
      /** What will come, for the progress; null when nobody knows. */
      estimatedBytes: Nullable(Type.Integer({ minimum: 0 })),
      ticket,
      ...operation,
    }),
    result: Done,
  },
  'files.watch': {
    class: 'converge',
    deadlineMs: 15_000,
    summary: 'Tell by events what changes in a directory, until it is unwatched or the session ends',
    params: Type.Object({ server, path: FilePath }),
    result: Done,
  },
  'files.unwatch': {
    class: 'converge',
    deadlineMs: 15_000,
    summary: 'Tell no more of a directory',
    params: Type.Object({ server, path: FilePath }),
    result: Done,
  },
} as const satisfies Record<string, MethodSpec>

export type TransferMethod = keyof typeof TRANSFER_METHODS
