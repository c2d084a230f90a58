import { Type, type Static } from 'typebox'
import { Nullable, OneOf, Revision, Timestamp, named } from './common.ts'

/**
 * A path below the server's root, `/` between names; `''` is the root itself. A byte of a name that is no UTF-8 is the lone
 * surrogate U+DC80 to U+DCFF.
 */
export const FilePath = Type.String({ maxLength: 4096 })
/** A path of something below the root. */
export const FileName = Type.String({ minLength: 1, maxLength: 4096 })

export const FileSort = OneOf(['name', '-name', 'size', '-size', 'modified', '-modified'])
export const Checksum = OneOf(['crc32', 'md5', 'sha1', 'sha256', 'sha512'])
export const ArchiveFormat = OneOf(['zip', 'tar', 'tar.gz', 'tar.zst'])
const FileType = OneOf(['file', 'directory', 'symlink', 'other'])

export const FileEntry = named(
  'FileEntry',
  Type.Object({
    name: Type.String(),
    type: FileType,
    sizeBytes: Type.Integer(),
    /** What it takes on the disk; less than its size where it has holes. */
    diskBytes: Type.Integer(),
    /** Permissions with setuid, setgid and sticky, as a number. */
    mode: Type.Integer(),
    modifiedAt: Timestamp,
    /** Where a link leads, as it is stored. */
    linkTarget: Nullable(Type.String()),
    revision: Revision,
  }),
)
export type FileEntry = Static<typeof FileEntry>

/** A path inside an archive, as its own listing gives it; `''` is the archive itself. */
export const ArchivePath = Type.String({ maxLength: 4096 })

export const ArchiveMember = named(
  'ArchiveMember',
  Type.Object({
    name: Type.String(),
    type: FileType,
    /** Decompressed; null where the archive does not say, which is a single compressed file. */
    sizeBytes: Nullable(Type.Integer()),
    /** What it takes in the archive; null where members are compressed together. */
    packedBytes: Nullable(Type.Integer()),
    /** Permissions, nine bits. */
    mode: Type.Integer(),
    modifiedAt: Nullable(Timestamp),
    /** Where a link leads, as it is stored; null for everything else, and where only reading the member would tell. */
    linkTarget: Nullable(Type.String()),
    /** Needs a password, and cannot be read. */
    isEncrypted: Type.Boolean(),
  }),
)
export type ArchiveMember = Static<typeof ArchiveMember>

export const DiskUse = named(
  'DiskUse',
  Type.Object({
    diskBytes: Type.Integer(),
    entries: Type.Integer(),
    /** What lies directly in the directory, largest first. */
    children: Type.Array(
      Type.Object({ name: Type.String(), type: FileType, diskBytes: Type.Integer(), entries: Type.Integer() }),
    ),
    /** The count stopped at its limit: there is more. */
    isPartial: Type.Boolean(),
  }),
)

export const FileSearch = {
  /** Names with `*`, `?` and `[…]`; a name without any of them fits wherever it is part of one. */
  names: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 255 }), { maxItems: 20 })),
  /** Patterns of gitignore: what is left out. */
  exclude: Type.Optional(Type.Array(Type.String({ maxLength: 1024 }), { maxItems: 100 })),
  /** Text that a file has to hold. */
  text: Type.Optional(Type.String({ minLength: 1, maxLength: 1000 })),
  /** @default false */
  isCaseSensitive: Type.Optional(Type.Boolean()),
}
export const FileMatches = named(
  'FileMatches',
  Type.Object({
    matches: Type.Array(
      Type.Object({
        path: Type.String(),
        type: FileType,
        sizeBytes: Type.Integer(),
        modifiedAt: Timestamp,
        /** The first lines that hold the text. */
        lines: Type.Array(Type.Object({ line: Type.Integer(), text: Type.String() })),
      }),
    ),
    /** Not everything was looked at: there may be more. */
    isPartial: Type.Boolean(),
  }),
)

export const FileMove = Type.Object({ from: FileName, to: FileName })
export const FileMode = Type.Object({
  path: FilePath,
  /** Nine bits of permissions. */
  mode: Type.Integer({ minimum: 0, maximum: 0o777 }),
  isRecursive: Type.Optional(Type.Boolean()),
  /** Other permissions for directories, when recursive. */
  directoryMode: Type.Optional(Type.Integer({ minimum: 0, maximum: 0o777 })),
})

/** What could not be done, of a call that names several paths. */
export const FileFailures = named(
  'FileFailures',
  Type.Object({
    done: Type.Integer(),
    failures: Type.Array(
      Type.Object({ path: Type.String(), error: Type.Object({ code: Type.String(), message: Type.String() }) }),
    ),
  }),
)
export type FileFailures = Static<typeof FileFailures>

export const Upload = named(
  'Upload',
  Type.Object({
    id: Type.String(),
    path: Type.String(),
    sizeBytes: Type.Integer(),
    /** Bytes that are safely stored: the next piece begins here. */
    offset: Type.Integer(),
    /** It is thrown away when nothing was added until then. */
    expiresAt: Timestamp,
  }),
)
export type Upload = Static<typeof Upload>

export const TrashItem = named(
  'TrashItem',
  Type.Object({
    id: Type.String(),
    /** Where it was. */
    path: Type.String(),
    type: FileType,
    diskBytes: Type.Integer(),
    deletedAt: Timestamp,
    expiresAt: Timestamp,
  }),
)
export type TrashItem = Static<typeof TrashItem>
