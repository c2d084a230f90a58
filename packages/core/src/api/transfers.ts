import { Type } from 'typebox'
import { Bytes, contract } from './contract.ts'
import { reads, writes } from './file-errors.ts'
import { ServerRef, Uuid } from './schemas/common.ts'
import { ArchiveFormat, FileName } from './schemas/files.ts'
import { OperationRef } from './schemas/servers.ts'
import {
  CopyToServer,
  DownloadRequest,
  DownloadTicket,
  PullRequest,
  RenamePlan,
  RenameRequest,
} from './schemas/transfers.ts'

const params = Type.Object({ server: ServerRef })

export const pullFile = contract({
  method: 'POST',
  path: '/servers/:server/files/pull',
  tag: 'Files',
  summary: 'Let the node fetch a file from an address on the web',
  description:
    'The job tells how far it is and can be cancelled. Only public addresses are reached, unless whoever operates the node allows others; the file has its name when it is whole.',
  class: 'at-most-once',
  permission: { server: 'file.create' },
  params,
  body: PullRequest,
  response: { 202: OperationRef },
  errors: [...writes, 'FILE_EXISTS', 'OUTBOUND_URL_INVALID', 'PULL_REFUSED', 'PULL_LIMIT'],
  rate: 'expensive',
})

export const copyFilesToServer = contract({
  method: 'POST',
  path: '/servers/:server/files/copy-to',
  tag: 'Files',
  summary: 'Copy files and directories to another server, on whichever node',
  description:
    'The job belongs to the server that gets them. Nothing is to be seen there before everything has come, and nothing is left of a copy that fails or is cancelled. What the egg of either protects is left out.',
  class: 'at-most-once',
  permission: { server: 'file.read-content' },
  params,
  body: CopyToServer,
  response: { 202: OperationRef },
  errors: [...writes, 'COPY_TARGET_NOT_FOUND', 'PERMISSION_DENIED'],
  rate: 'expensive',
  bodyLimitBytes: 8 * 1024 * 1024,
})

export const previewRename = contract({
  method: 'POST',
  path: '/servers/:server/files/rename/preview',
  tag: 'Files',
  summary: 'Show which names files would get by rules, and what stands in the way',
  class: 'read',
  permission: { server: 'file.read' },
  params,
  body: RenameRequest,
  response: { 200: RenamePlan },
  errors: [...reads, 'RENAME_RULE_INVALID'],
  bodyLimitBytes: 8 * 1024 * 1024,
})

export const renameFiles = contract({
  method: 'POST',
  path: '/servers/:server/files/rename',
  tag: 'Files',
  summary: 'Rename files of one directory by rules: all of them, or none',
  description: 'Names may be swapped or handed round. Nothing is replaced.',
  class: 'at-most-once',
  permission: { server: 'file.update' },
  params,
  body: RenameRequest,
  response: { 200: RenamePlan },
  errors: [...writes, 'RENAME_RULE_INVALID', 'RENAME_CONFLICT'],
  rate: 'write',
  bodyLimitBytes: 8 * 1024 * 1024,
})

export const downloadFiles = contract({
  method: 'GET',
  path: '/servers/:server/files/download',
  tag: 'Files',
  summary: 'Download a file or a directory as an archive that is packed while it is sent',
  description:
    'What the egg protects is left out. The length is not known before the end; an answer that breaks off is damaged.',
  class: 'read',
  permission: { server: 'file.read-content' },
  params,
  query: Type.Object({
    path: Type.Optional(FileName),
    /** Instead of `path`: all its bytes in base64url. */
    pathBytes: Type.Optional(Type.String({ maxLength: 8192, pattern: '^[\\w-]+$' })),
    format: Type.Optional(ArchiveFormat),
  }),
  response: { 200: Bytes },
  errors: reads,
  rate: 'expensive',
})

export const prepareDownload = contract({
  method: 'POST',
  path: '/servers/:server/files/downloads',
  tag: 'Files',
  summary: 'Make a link under which a selection of files can be downloaded as an archive, once',
  class: 'at-most-once',
  permission: { server: 'file.read-content' },
  params,
  body: DownloadRequest,
  response: { 201: DownloadTicket },
  errors: reads,
  rate: 'expensive',
  bodyLimitBytes: 8 * 1024 * 1024,
})

export const takeDownload = contract({
  method: 'GET',
  path: '/servers/:server/files/downloads/:download',
  tag: 'Files',
  summary: 'Download what a link was made for; only who made it can, and only once',
  class: 'read',
  permission: { server: 'file.read-content' },
  params: Type.Object({ server: ServerRef, download: Uuid }),
  response: { 200: Bytes },
  errors: [...reads, 'DOWNLOAD_NOT_FOUND'],
  rate: 'expensive',
})
