import { Type } from 'typebox'
import { Nullable, OneOf, Revision, Uuid } from '../api/schemas/common.ts'
import {
  ArchiveFormat,
  ArchiveMember,
  ArchivePath,
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
  TrashItem,
  Upload,
} from '../api/schemas/files.ts'
import { HISTORY_METHODS, author } from './history-methods.ts'
import type { MethodSpec } from './methods.ts'
import { operation } from './operation-fields.ts'
import { ticket } from './ticket.ts'

const server = Uuid
const Done = Type.Object({})
const Offset = Type.Integer({ minimum: 0 })
const Entry = Type.Object({ entry: FileEntry })

const read = { class: 'read', deadlineMs: 15_000 } as const
const change = { class: 'converge', deadlineMs: 30_000 } as const
/** Long work, told about by events; what a crash cuts off is not begun again. */
const job = { class: 'at-most-once', deadlineMs: 30_000 } as const
/** The whole time that bytes may take in one call; a longer transfer goes on with the next. */
const TRANSFER_MS = 15 * 60_000
/** Work over a whole tree that somebody waits for. */
const WALK_MS = 5 * 60_000

/** What the panel asks of an agent about the files of a server. Not one byte of a file is in them. */
export const FILE_METHODS = {
  'files.list': {
    ...read,
    summary: 'Read one page of a directory',
    params: Type.Object({
      server,
      path: FilePath,
      sort: FileSort,
      offset: Offset,
      limit: Type.Integer({ minimum: 1, maximum: 1000 }),
    }),
    result: Type.Object({ entries: Type.Array(FileEntry), total: Type.Integer() }),
  },
  'files.stat': {
    ...read,
    summary: 'Describe one name; null when nothing is there',
    params: Type.Object({ server, path: FilePath }),
    result: Type.Object({ entry: Nullable(FileEntry) }),
  },
  'files.read': {
    class: 'read',
    deadlineMs: 30_000,
    summary: 'Open a data socket and send a part of a file over it; the answer comes when the socket is open',
    params: Type.Object({
      server,
      path: FilePath,
      offset: Offset,
      /** Null is up to the end. */
      length: Nullable(Offset),
      ifRevision: Nullable(Revision),
      ticket,
    }),
    result: Type.Object({ entry: FileEntry }),
  },
  'files.write': {
    ...change,
    deadlineMs: TRANSFER_MS,
    summary: 'Open a data socket and replace a file by what comes over it; the answer comes when it is on the disk',
    params: Type.Object({
      server,
      path: FileName,
      ticket,
      ifRevision: Nullable(Revision),
      /** Whether a file that is not there is made, and one that is there replaced. */
      mode: OneOf(['create', 'replace', 'create-or-replace']),
      author: Type.Optional(author),
    }),
    result: Entry,
  },
  'files.create': {
    ...change,
    summary: 'Make an empty file, a directory or a link where nothing is',
    params: Type.Object({
      server,
      path: FileName,
      type: OneOf(['file', 'directory', 'symlink']),
      /** Of a link. */
      target: Nullable(Type.String({ maxLength: 4095 })),
    }),
    result: Entry,
  },
  'files.move': {
    ...change,
    summary: 'Give other names',
    params: Type.Object({ server, moves: Type.Array(FileMove, { maxItems: 1000 }), replace: Type.Boolean() }),
    result: FileFailures,
  },
  'files.copy': {
    ...job,
    summary: 'Copy to a name that is free; progress and end arrive as events',
    params: Type.Object({ server, from: FileName, to: FileName, ...operation }),
    result: Done,
  },
  'files.pack': {
    ...job,
    summary: 'Pack names of one directory into a new archive; progress and end arrive as events',
    params: Type.Object({
      server,
      directory: FilePath,
      names: Type.Array(FileName, { maxItems: 1000 }),
      to: FileName,
      format: ArchiveFormat,
      ...operation,
    }),
    result: Done,
  },
  'files.unpack': {
    ...job,
    summary: 'Unpack an archive into a directory; progress and end arrive as events',
    params: Type.Object({
      server,
      path: FileName,
      to: FilePath,
      replace: Type.Boolean(),
      /** Paths inside the archive; everything without. Agents of older versions unpack everything. */
      members: Type.Optional(Type.Array(FileName, { maxItems: 1000 })),
      ...operation,
    }),
    result: Done,
  },
  'files.archiveList': {
    ...read,
    deadlineMs: WALK_MS,
    summary: 'Read one page of a directory inside an archive',
    params: Type.Object({
      server,
      path: FilePath,
      directory: ArchivePath,
      offset: Offset,
      limit: Type.Integer({ minimum: 1, maximum: 1000 }),
    }),
    result: Type.Object({
      members: Type.Array(ArchiveMember),
      total: Type.Integer(),
      /** Of the archive. */
      revision: Revision,
    }),
  },
  'files.archiveStat': {
    ...read,
    deadlineMs: WALK_MS,
    summary: 'Describe one file of an archive: its name, size and time, and the revision of the archive',
    params: Type.Object({ server, path: FilePath, member: FileName }),
    result: Entry,
  },
  'files.archiveRead': {
    class: 'read',
    deadlineMs: WALK_MS,
    summary:
      'Open a data socket and send a part of one file of an archive over it; the answer comes when the socket is open',
    params: Type.Object({
      server,
      path: FilePath,
      member: FileName,
      offset: Offset,
      /** Null is up to the end. */
      length: Nullable(Offset),
      /** Of the archive. */
      ifRevision: Nullable(Revision),
      ticket,
    }),
    /** As {@link FILE_METHODS}' `files.archiveStat`. */
    result: Entry,
  },
  'files.decompress': {
    class: 'read',
    deadlineMs: 60_000,
    summary: 'Open a data socket and send the beginning of a compressed file over it, decompressed',
    params: Type.Object({
      server,
      path: FilePath,
      maxBytes: Type.Integer({ minimum: 1, maximum: 16_777_216 }),
      ifRevision: Nullable(Revision),
      ticket,
    }),
    result: Type.Object({
      entry: FileEntry,
      /** Bytes that come. */
      sizeBytes: Type.Integer(),
      /** There is more in the file. */
      isTruncated: Type.Boolean(),
    }),
  },
  'files.delete': {
    ...change,
    deadlineMs: WALK_MS,
    summary: 'Move to the trash, or remove for ever',
    params: Type.Object({
      server,
      paths: Type.Array(FileName, { maxItems: 1000 }),
      isPermanent: Type.Boolean(),
    }),
    result: FileFailures,
  },
  'files.chmod': {
    ...change,
    deadlineMs: WALK_MS,
    summary: 'Set permissions',
    params: Type.Object({ server, changes: Type.Array(FileMode, { maxItems: 1000 }) }),
    result: FileFailures,
  },
  'files.checksum': {
    ...read,
    deadlineMs: WALK_MS,
    summary: 'Read the checksum of a file',
    params: Type.Object({ server, path: FilePath, algorithm: Checksum }),
    result: Type.Object({ checksum: Type.String() }),
  },
  'files.diskUse': {
    ...read,
    deadlineMs: WALK_MS,
    summary: 'Count what a directory takes on the disk',
    params: Type.Object({ server, path: FilePath }),
    result: DiskUse,
  },
  'files.search': {
    ...read,
    deadlineMs: WALK_MS,
    summary: 'Look for names and text below a directory',
    params: Type.Object({ server, path: FilePath, ...FileSearch, limit: Type.Integer({ minimum: 1, maximum: 1000 }) }),
    result: FileMatches,
  },
  'uploads.begin': {
    ...change,
    summary: 'Make room for a file that comes in pieces; the same id again answers where it stands',
    params: Type.Object({
      server,
      upload: Uuid,
      /** Who sends it; nobody else goes on with it. */
      owner: Type.String({ maxLength: 64 }),
      path: FileName,
      sizeBytes: Offset,
      mode: OneOf(['create', 'replace', 'create-or-replace']),
    }),
    result: Upload,
  },
  'uploads.read': {
    ...read,
    summary: 'Read how far an upload has come',
    params: Type.Object({ server, upload: Uuid, owner: Type.String({ maxLength: 64 }) }),
    result: Upload,
  },
  'uploads.append': {
    ...change,
    deadlineMs: TRANSFER_MS,
    summary: 'Open a data socket and add what comes over it to an upload, from its present end on',
    params: Type.Object({ server, upload: Uuid, owner: Type.String({ maxLength: 64 }), offset: Offset, ticket }),
    result: Upload,
  },
  'uploads.finish': {
    ...change,
    deadlineMs: 60_000,
    summary: 'Give a complete upload its name',
    params: Type.Object({
      server,
      upload: Uuid,
      owner: Type.String({ maxLength: 64 }),
      author: Type.Optional(author),
    }),
    result: Entry,
  },
  'uploads.cancel': {
    ...change,
    summary: 'Throw an upload away',
    params: Type.Object({ server, upload: Uuid, owner: Type.String({ maxLength: 64 }) }),
    result: Done,
  },
  ...HISTORY_METHODS,
  'trash.list': {
    ...read,
    summary: 'List what was deleted and can be restored, newest first',
    params: Type.Object({ server }),
    result: Type.Object({ items: Type.Array(TrashItem) }),
  },
  'trash.restore': {
    ...change,
    summary: 'Put items back to where they were, or to another name',
    params: Type.Object({
      server,
      items: Type.Array(Type.Object({ id: Uuid, path: Nullable(FileName) }), { maxItems: 1000 }),
    }),
    result: FileFailures,
  },
  'trash.delete': {
    ...change,
    deadlineMs: WALK_MS,
    summary: 'Remove items of the trash for ever; all of them without a list',
    params: Type.Object({ server, items: Nullable(Type.Array(Uuid, { maxItems: 1000 })) }),
    result: FileFailures,
  },
} as const satisfies Record<string, MethodSpec>

export type FileMethod = keyof typeof FILE_METHODS
