import { Type } from 'typebox'
import { contract } from './contract.ts'
import { reach, writes } from './file-errors.ts'
import { Nullable, ServerRef, Uuid } from './schemas/common.ts'
import { FileFailures, FileName, TrashItem } from './schemas/files.ts'

const params = Type.Object({ server: ServerRef })

export const listTrash = contract({
  method: 'GET',
  path: '/servers/:server/files/trash',
  tag: 'Files',
  summary: 'List what was deleted and can be restored, newest first',
  class: 'read',
  permission: { server: 'file.read' },
  params,
  response: { 200: Type.Object({ data: Type.Array(TrashItem) }) },
  errors: reach,
})

export const restoreTrash = contract({
  method: 'POST',
  path: '/servers/:server/files/trash/restore',
  tag: 'Files',
  summary: 'Put deleted files back to where they were, or to another name',
  class: 'at-most-once',
  permission: { server: 'file.create' },
  params,
  body: Type.Object({
    items: Type.Array(Type.Object({ id: Uuid, path: Type.Optional(Nullable(FileName)) }), {
      minItems: 1,
      maxItems: 1000,
    }),
  }),
  response: { 200: FileFailures },
  errors: [...writes, 'FILE_EXISTS', 'TRASH_ITEM_NOT_FOUND'],
  rate: 'write',
  bodyLimitBytes: 8 * 1024 * 1024,
})

export const emptyTrash = contract({
  method: 'POST',
  path: '/servers/:server/files/trash/delete',
  tag: 'Files',
  summary: 'Remove deleted files for ever; all of them without a list',
  class: 'converge',
  permission: { server: 'file.delete' },
  params,
  body: Type.Object({ items: Type.Optional(Type.Array(Uuid, { maxItems: 1000 })) }),
  response: { 200: FileFailures },
  errors: reach,
  rate: 'write',
})
