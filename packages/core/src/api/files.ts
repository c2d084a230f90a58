import { Type } from 'typebox'
import { Bytes, contract } from './contract.ts'
import { reads, writes } from './file-errors.ts'
import { OneOf, PageOf, ServerRef } from './schemas/common.ts'
import {
  ArchiveFormat,
  Checksum,
  DiskUse,
  FileEntry,
  FileFailures,
  FileMatches,
  FileMode,
  FileMove,
  FileName,
  FilePath,
  FileSearch,
  FileSort,
} from './schemas/files.ts'
import { OperationRef } from './schemas/servers.ts'

const params = Type.Object({ server: ServerRef })
/** A path in an address. One with bytes that are no UTF-8 is given as all its bytes in base64url instead. */
const At = {
  path: Type.Optional(FilePath),
  pathBytes: Type.Optional(Type.String({ maxLength: 8192, pattern: '^[\\w-]*$' })),
}
export const listFiles = contract({
  method: 'GET',
  path: '/servers/:server/files/list',
  tag: 'Files',
  summary: 'List a directory, directories first; `total` is always there',
  class: 'read',
  permission: { server: 'file.read' },
  params,
  query: Type.Object({
    ...At,
    sort: Type.Optional(FileSort),
    cursor: Type.Optional(Type.String({ maxLength: 512 })),
    /** Instead of a cursor: begins after this many entries. */
    offset: Type.Optional(Type.Integer({ minimum: 0 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })),
  }),
  response: { 200: PageOf(FileEntry) },
  errors: [...reads, 'CURSOR_INVALID'],
})

export const getFile = contract({
  method: 'GET',
  path: '/servers/:server/files/entry',
  tag: 'Files',
  summary: 'Describe a file, a directory or a link',
  class: 'read',
  permission: { server: 'file.read' },
  params,
  query: Type.Object(At),
  response: { 200: FileEntry },
  errors: reads,
})

export const readFile = contract({
  method: 'GET',
  path: '/servers/:server/files/content',
  tag: 'Files',
  summary: 'Download a file, or the part of it that `Range` names',
  description:
    'The strong `ETag` is the revision of the file. With `If-Match` another revision is refused, so that a download can go on where it stopped.',
  class: 'read',
  permission: { server: 'file.read-content' },
  params,
  query: Type.Object(At),
  response: { 200: Bytes, 206: Bytes },
  errors: [...reads, 'FILE_PROTECTED', 'RANGE_INVALID', 'REVISION_MISMATCH'],
})

export const writeFile = contract({
  method: 'PUT',
  path: '/servers/:server/files/content',
  tag: 'Files',
  summary: 'Replace the content of a file in one step; making a new one needs `file.create` as well',
  class: 'converge',
  permission: { server: 'file.update' },
  params,
  query: Type.Object(At),
  body: Bytes,
  response: { 200: FileEntry },
  errors: [...writes, 'REVISION_MISMATCH'],
  rate: 'write',
})

export const createFile = contract({
  method: 'POST',
  path: '/servers/:server/files',
  tag: 'Files',
  summary: 'Make an empty file, a directory or a symbolic link where nothing is',
  class: 'at-most-once',
  permission: { server: 'file.create' },
  params,
  body: Type.Object({
    path: FileName,
    type: OneOf(['file', 'directory', 'symlink']),
    /** Where a link leads. */
    target: Type.Optional(Type.String({ minLength: 1, maxLength: 4095 })),
  }),
  response: { 201: FileEntry },
  errors: [...writes, 'FILE_EXISTS'],
  rate: 'write',
})

export const moveFiles = contract({
  method: 'POST',
  path: '/servers/:server/files/move',
  tag: 'Files',
  summary: 'Rename or move files and directories',
  class: 'at-most-once',
  permission: { server: 'file.update' },
  params,
  body: Type.Object({
    moves: Type.Array(FileMove, { minItems: 1, maxItems: 1000 }),
    /** Files and empty directories in the way are replaced; needs `file.delete`. @default false */
    replace: Type.Optional(Type.Boolean()),
  }),
  response: { 200: FileFailures },
  errors: [...writes, 'FILE_EXISTS', 'DIRECTORY_NOT_EMPTY'],
  rate: 'write',
  bodyLimitBytes: 16 * 1024 * 1024,
})

export const copyFile = contract({
  method: 'POST',
  path: '/servers/:server/files/copy',
  tag: 'Files',
  summary: 'Copy a file or a whole directory to a name that is free',
  class: 'at-most-once',
  permission: { server: 'file.create' },
  params,
  body: FileMove,
  response: { 202: OperationRef },
  errors: [...writes, 'FILE_EXISTS'],
  rate: 'expensive',
})

export const packFiles = contract({
  method: 'POST',
  path: '/servers/:server/files/pack',
  tag: 'Files',
  summary: 'Pack files and directories into a new archive',
  description: 'The archive has its name when it is whole. What the egg protects is left out.',
  class: 'at-most-once',
  permission: { server: 'file.archive' },
  params,
  body: Type.Object({
    /** Where the names lie; paths in the archive begin here. */
    directory: FilePath,
    names: Type.Array(FileName, { minItems: 1, maxItems: 1000 }),
    /** Path of the archive. */
    to: FileName,
    /** @default tar.gz */
    format: Type.Optional(ArchiveFormat),
  }),
  response: { 202: OperationRef },
  errors: writes,
  rate: 'expensive',
})

export const unpackFile = contract({
  method: 'POST',
  path: '/servers/:server/files/unpack',
  tag: 'Files',
  summary: 'Unpack an archive (zip, tar, 7z, rar), or a single file compressed with gzip, zstd, xz, bzip2 or lz4',
  description:
    'Nothing is changed when the archive is damaged, hostile or too large. Files that are there stay, unless they are to be replaced, which needs `file.update` as well.',
  class: 'at-most-once',
  permission: { server: 'file.archive' },
  params,
  body: Type.Object({
    path: FileName,
    /** Directory to unpack into; made when it is missing. */
    to: FilePath,
    /** @default false */
    replace: Type.Optional(Type.Boolean()),
    /** Paths inside the archive, a directory with all that lies in it; everything without. They keep their paths. */
    members: Type.Optional(Type.Array(FileName, { minItems: 1, maxItems: 1000 })),
  }),
  response: { 202: OperationRef },
  errors: writes,
  rate: 'expensive',
  bodyLimitBytes: 8 * 1024 * 1024,
})

export const deleteFiles = contract({
  method: 'POST',
  path: '/servers/:server/files/delete',
  tag: 'Files',
  summary: 'Move files and directories to the trash, or remove them for ever',
  class: 'at-most-once',
  permission: { server: 'file.delete' },
  params,
  body: Type.Object({
    paths: Type.Array(FileName, { minItems: 1, maxItems: 1000 }),
    /** @default false */
    isPermanent: Type.Optional(Type.Boolean()),
  }),
  response: { 200: FileFailures },
  errors: writes,
  rate: 'write',
  bodyLimitBytes: 8 * 1024 * 1024,
})

export const changeFileModes = contract({
  method: 'POST',
  path: '/servers/:server/files/chmod',
  tag: 'Files',
  summary: 'Change permissions of files, or of everything below directories',
  class: 'converge',
  permission: { server: 'file.update' },
  params,
  body: Type.Object({ changes: Type.Array(FileMode, { minItems: 1, maxItems: 1000 }) }),
  response: { 200: FileFailures },
  errors: writes,
  rate: 'write',
  bodyLimitBytes: 8 * 1024 * 1024,
})

export const readChecksum = contract({
  method: 'GET',
  path: '/servers/:server/files/checksum',
  tag: 'Files',
  summary: 'Read the checksum of a file',
  class: 'read',
  permission: { server: 'file.read-content' },
  params,
  query: Type.Object({ ...At, algorithm: Type.Optional(Checksum) }),
  response: { 200: Type.Object({ algorithm: Checksum, checksum: Type.String() }) },
  errors: [...reads, 'FILE_PROTECTED'],
  rate: 'expensive',
})

export const readDiskUse = contract({
  method: 'GET',
  path: '/servers/:server/files/disk-use',
  tag: 'Files',
  summary: 'Count what a directory takes on the disk, by what lies in it',
  class: 'read',
  permission: { server: 'file.read' },
  params,
  query: Type.Object(At),
  response: { 200: DiskUse },
  errors: reads,
  rate: 'expensive',
})

export const searchFiles = contract({
  method: 'POST',
  path: '/servers/:server/files/search',
  tag: 'Files',
  summary: 'Look for names and text below a directory; text needs `file.read-content` as well',
  class: 'read',
  permission: { server: 'file.read' },
  params,
  body: Type.Object({
    path: FilePath,
    ...FileSearch,
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 200 })),
  }),
  response: { 200: FileMatches },
  errors: reads,
  rate: 'expensive',
})
