import { Type } from 'typebox'
import { Bytes, contract } from './contract.ts'
import { reads } from './file-errors.ts'
import { ArchiveMember, ArchivePath, FilePath } from './schemas/files.ts'
import { PageOf, ServerRef } from './schemas/common.ts'

const params = Type.Object({ server: ServerRef })
/** The archive, named as files are: as text, or by all its bytes in base64url. */
const At = {
  path: Type.Optional(FilePath),
  pathBytes: Type.Optional(Type.String({ maxLength: 8192, pattern: '^[\\w-]*$' })),
}
const archiveReads = [
  ...reads,
  'FILE_PROTECTED',
  'REVISION_MISMATCH',
  'ARCHIVE_INVALID',
  'ARCHIVE_UNSUPPORTED',
  'ARCHIVE_ENCRYPTED',
  'ARCHIVE_TOO_LARGE',
] as const

export const listArchive = contract({
  method: 'GET',
  path: '/servers/:server/files/archive/list',
  tag: 'Files',
  summary: 'List a directory inside an archive, directories first, without unpacking it; `total` is always there',
  description:
    'Directories that only show in the paths of what lies in them are listed like the others. The `ETag` is the revision of the archive.',
  class: 'read',
  permission: { server: 'file.read-content' },
  params,
  query: Type.Object({
    ...At,
    /** Directory inside the archive; the whole archive begins at `''`. */
    directory: Type.Optional(ArchivePath),
    cursor: Type.Optional(Type.String({ maxLength: 512 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })),
  }),
  response: { 200: PageOf(ArchiveMember) },
  errors: [...archiveReads, 'ARCHIVE_MEMBER_NOT_FOUND', 'CURSOR_INVALID'],
  rate: 'expensive',
})

export const readArchiveMember = contract({
  method: 'GET',
  path: '/servers/:server/files/archive/content',
  tag: 'Files',
  summary: 'Download one file out of an archive without unpacking the others, or the part of it that `Range` names',
  description:
    'The strong `ETag` is the revision of the archive; with `If-Match` another revision is refused. A part that begins late costs reading up to it where the archive is compressed as a whole.',
  class: 'read',
  permission: { server: 'file.read-content' },
  params,
  query: Type.Object({ ...At, member: Type.String({ minLength: 1, maxLength: 4096 }) }),
  response: { 200: Bytes, 206: Bytes },
  errors: [...archiveReads, 'ARCHIVE_MEMBER_NOT_FOUND', 'RANGE_INVALID'],
  rate: 'expensive',
})

export const readDecompressedFile = contract({
  method: 'GET',
  path: '/servers/:server/files/decompressed',
  tag: 'Files',
  summary: 'Read the beginning of a file that is compressed with gzip, zstd, xz, bzip2 or lz4, decompressed',
  description:
    'For logs that are kept compressed. `X-Truncated: true` says that there is more than was asked for. The `ETag` is the revision of the compressed file.',
  class: 'read',
  permission: { server: 'file.read-content' },
  params,
  query: Type.Object({
    ...At,
    /** At most so many bytes, counted decompressed. */
    maxBytes: Type.Optional(Type.Integer({ minimum: 1, maximum: 16_777_216, default: 4_194_304 })),
  }),
  response: { 200: Bytes },
  errors: archiveReads,
  rate: 'expensive',
})
