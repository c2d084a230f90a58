import { Type } from 'typebox'
import { Bytes, contract } from './contract.ts'
import { reach, reads, writes } from './file-errors.ts'
import { ServerRef, Uuid } from './schemas/common.ts'
import { FileRevision, LostFile } from './schemas/file-history.ts'
import { FileEntry, FilePath } from './schemas/files.ts'

const params = Type.Object({ server: ServerRef })
/** As for the files themselves. */
const At = {
  path: Type.Optional(FilePath),
  pathBytes: Type.Optional(Type.String({ maxLength: 8192, pattern: '^[\\w-]*$' })),
}

export const listFileHistory = contract({
  method: 'GET',
  path: '/servers/:server/files/history',
  tag: 'Files',
  summary: 'List what a file was, newest first, with who saved it and when',
  description:
    'Saves of texts up to 4 MiB are kept, and what was there before them. At most 50 revisions of a file are kept for at most 30 days, within a hundredth of the disk limit (8 to 64 MiB); they are given up before a write fails.',
  class: 'read',
  permission: { server: 'file.read-content' },
  params,
  query: Type.Object(At),
  response: { 200: Type.Object({ data: Type.Array(FileRevision) }) },
  errors: reads,
})

export const listLostFiles = contract({
  method: 'GET',
  path: '/servers/:server/files/history/lost',
  tag: 'Files',
  summary: 'List files that are gone and have a history, newest first',
  class: 'read',
  permission: { server: 'file.read-content' },
  params,
  response: { 200: Type.Object({ data: Type.Array(LostFile) }) },
  errors: reach,
})

export const readFileRevision = contract({
  method: 'GET',
  path: '/servers/:server/files/history/content',
  tag: 'Files',
  summary: 'Download what a file was',
  class: 'read',
  permission: { server: 'file.read-content' },
  params,
  query: Type.Object({ revision: Uuid }),
  response: { 200: Bytes },
  errors: [...reach, 'FILE_REVISION_NOT_FOUND'],
})

export const restoreFileRevision = contract({
  method: 'POST',
  path: '/servers/:server/files/history/restore',
  tag: 'Files',
  summary: 'Make a file again what it was; one that is gone needs `file.create` as well',
  description:
    'What it is until then is kept, so that restoring can be taken back. With `If-Match` another revision of the file than that is not replaced.',
  class: 'converge',
  permission: { server: 'file.update' },
  params,
  body: Type.Object({ revision: Uuid }),
  response: { 200: FileEntry },
  errors: [...writes, 'FILE_REVISION_NOT_FOUND', 'REVISION_MISMATCH'],
  rate: 'write',
})

export const forgetFileHistory = contract({
  method: 'DELETE',
  path: '/servers/:server/files/history',
  tag: 'Files',
  summary: 'Forget what a file was; without a path, what all files were',
  class: 'converge',
  permission: { server: 'file.delete' },
  params,
  query: Type.Object(At),
  response: { 200: Type.Object({ forgotten: Type.Integer() }) },
  errors: reach,
  rate: 'write',
})
