import { Type } from 'typebox'
import { Nullable, OneOf, Revision, Uuid } from '../api/schemas/common.ts'
import { FileRevision, LostFile } from '../api/schemas/file-history.ts'
import { FileEntry, FileName, FilePath } from '../api/schemas/files.ts'
import type { MethodSpec } from './methods.ts'
import { ticket } from './ticket.ts'

const server = Uuid
const read = { class: 'read', deadlineMs: 15_000 } as const
const change = { class: 'converge', deadlineMs: 60_000 } as const

/** For whom something is saved, so that the history can say so. Agents of older versions keep none. */
export const author = Type.Object({ user: Nullable(Uuid), name: Nullable(Type.String({ maxLength: 256 })) })

/** What the panel asks of an agent about what files once were. */
export const HISTORY_METHODS = {
  'files.history': {
    ...read,
    summary: 'List the revisions of a file, newest first',
    params: Type.Object({ server, path: FilePath }),
    result: Type.Object({ revisions: Type.Array(FileRevision) }),
  },
  'files.lost': {
    ...read,
    summary: 'List files that are gone and have a history, newest first',
    params: Type.Object({ server }),
    result: Type.Object({ files: Type.Array(LostFile, { maxItems: 1000 }) }),
  },
  'files.revision': {
    class: 'read',
    deadlineMs: 30_000,
    summary: 'Open a data socket and send the content of a revision over it; the answer comes when the socket is open',
    params: Type.Object({ server, revision: Uuid, ticket }),
    result: Type.Object({ revision: FileRevision }),
  },
  'files.restoreRevision': {
    ...change,
    summary: 'Make a file again what it was, keeping what it is until then',
    params: Type.Object({
      server,
      revision: Uuid,
      ifRevision: Nullable(Revision),
      /** Whether a file that is gone is made. */
      mode: OneOf(['replace', 'create-or-replace']),
      author,
    }),
    result: Type.Object({ entry: FileEntry, path: FileName }),
  },
  'files.forgetHistory': {
    ...change,
    summary: 'Forget the revisions of a file; of all without a path',
    params: Type.Object({ server, path: Nullable(FilePath) }),
    result: Type.Object({ forgotten: Type.Integer() }),
  },
} as const satisfies Record<string, MethodSpec>
