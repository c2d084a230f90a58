import { Type } from 'typebox'
import { Bytes, contract } from './contract.ts'
import { writes } from './file-errors.ts'
import { Nothing, ServerRef, Uuid } from './schemas/common.ts'
import { FileEntry, FileName, Upload } from './schemas/files.ts'

const uploadParams = Type.Object({ server: ServerRef, upload: Uuid })
const ofUpload = [...writes, 'UPLOAD_NOT_FOUND'] as const

export const beginUpload = contract({
  method: 'POST',
  path: '/servers/:server/files/uploads',
  tag: 'Files',
  summary: 'Begin to upload a file in pieces; replacing one needs `file.update` as well',
  description: 'Nothing is to be seen of the file until the upload is finished. Pieces may be sent over days.',
  class: 'at-most-once',
  permission: { server: 'file.create' },
  params: Type.Object({ server: ServerRef }),
  body: Type.Object({
    path: FileName,
    sizeBytes: Type.Integer({ minimum: 0 }),
    /** @default false */
    replace: Type.Optional(Type.Boolean()),
  }),
  response: { 201: Upload },
  errors: [...writes, 'FILE_EXISTS'],
  rate: 'write',
})

export const getUpload = contract({
  method: 'GET',
  path: '/servers/:server/files/uploads/:upload',
  tag: 'Files',
  summary: 'Read how far an upload has come',
  class: 'read',
  permission: { server: 'file.create' },
  params: uploadParams,
  response: { 200: Upload },
  errors: ofUpload,
})

export const appendUpload = contract({
  method: 'PATCH',
  path: '/servers/:server/files/uploads/:upload',
  tag: 'Files',
  summary: 'Add bytes to an upload, from its present end on',
  description: 'What has arrived when a connection breaks is kept: read how far it has come and go on from there.',
  class: 'at-most-once',
  permission: { server: 'file.create' },
  params: uploadParams,
  /** Where the bytes belong: the upload's present end. @default 0 */
  query: Type.Object({ offset: Type.Optional(Type.Integer({ minimum: 0 })) }),
  body: Bytes,
  response: { 200: Upload },
  errors: [...ofUpload, 'UPLOAD_OFFSET', 'UPLOAD_TOO_LONG'],
  rate: 'unlimited',
})

export const finishUpload = contract({
  method: 'POST',
  path: '/servers/:server/files/uploads/:upload/finish',
  tag: 'Files',
  summary: 'Give a complete upload its name',
  class: 'at-most-once',
  permission: { server: 'file.create' },
  params: uploadParams,
  response: { 200: FileEntry },
  errors: [...ofUpload, 'UPLOAD_INCOMPLETE', 'FILE_EXISTS'],
  rate: 'write',
})

export const cancelUpload = contract({
  method: 'DELETE',
  path: '/servers/:server/files/uploads/:upload',
  tag: 'Files',
  summary: 'Throw an upload away',
  class: 'converge',
  permission: { server: 'file.create' },
  params: uploadParams,
  response: { 200: Nothing },
  errors: ofUpload,
})
