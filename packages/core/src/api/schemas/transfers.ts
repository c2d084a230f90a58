import { Type, type Static } from 'typebox'
import { Nullable, OneOf, ServerRef, Timestamp, Uuid, named } from './common.ts'
import { ArchiveFormat, FileName, FilePath } from './files.ts'

const Scope = OneOf(['name', 'extension', 'whole'])
const Words = Type.String({ maxLength: 1000 })

/** One step from an old name to a new one; `core/renames` follows them. */
export const RenameRule = Type.Union([
  Type.Object({
    kind: Type.Literal('replace'),
    find: Type.String({ minLength: 1, maxLength: 1000 }),
    with: Words,
    /** `find` is a regular expression of RE2. @default false */
    isPattern: Type.Optional(Type.Boolean()),
    /** @default true */
    isCaseSensitive: Type.Optional(Type.Boolean()),
    /** Only where it is found first. @default false */
    isOnce: Type.Optional(Type.Boolean()),
    /** @default name */
    scope: Type.Optional(Scope),
  }),
  Type.Object({
    kind: Type.Literal('case'),
    to: OneOf(['lower', 'upper', 'title']),
    /** @default name */
    scope: Type.Optional(Scope),
  }),
  Type.Object({
    kind: Type.Literal('add'),
    text: Words,
    at: OneOf(['start', 'end']),
    /** @default name */
    scope: Type.Optional(Scope),
  }),
  Type.Object({
    kind: Type.Literal('number'),
    start: Type.Integer({ minimum: -1_000_000_000, maximum: 1_000_000_000 }),
    /** @default 1 */
    step: Type.Optional(Type.Integer({ minimum: -1_000_000, maximum: 1_000_000 })),
    /** Filled up with zeros to this many digits. @default 1 */
    digits: Type.Optional(Type.Integer({ minimum: 1, maximum: 20 })),
    at: OneOf(['start', 'end', 'instead']),
    separator: Type.Optional(Type.String({ maxLength: 100 })),
  }),
])
export type RenameRule = Static<typeof RenameRule>

/** Names of one directory, and what is to become of them. */
export const RenameRequest = Type.Object({
  directory: FilePath,
  names: Type.Array(FileName, { minItems: 1, maxItems: 1000 }),
  rules: Type.Array(RenameRule, { minItems: 1, maxItems: 20 }),
})

export const RenamePlan = named(
  'RenamePlan',
  Type.Object({
    /** In the order of the names. */
    renames: Type.Array(
      Type.Object({
        from: Type.String(),
        to: Type.String(),
        /** Why the new name cannot be had; null when it can, or is the old one. */
        problem: Nullable(OneOf(['invalid', 'duplicate', 'taken', 'missing', 'protected'])),
      }),
    ),
  }),
)
export type RenamePlan = Static<typeof RenamePlan>

export const PullRequest = Type.Object({
  url: Type.String({ minLength: 1, maxLength: 4096 }),
  /** Directory the file comes into; made when it is missing. */
  directory: FilePath,
  /** @default what the answer says, or the last part of the address */
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 255, pattern: '^[^/\\u0000]+$' })),
  /** A file of this name is replaced; needs `file.update` as well. @default false */
  replace: Type.Optional(Type.Boolean()),
})

/** Names of one directory that are packed while they are sent. */
export const DownloadRequest = Type.Object({
  directory: FilePath,
  names: Type.Array(FileName, { minItems: 1, maxItems: 1000 }),
  /** @default zip */
  format: Type.Optional(ArchiveFormat),
})

export const CopyToServer = Type.Object({
  directory: FilePath,
  names: Type.Array(FileName, { minItems: 1, maxItems: 1000 }),
  /** The server that gets them; the caller needs `file.create` there. */
  target: ServerRef,
  /** Directory of that server; made when it is missing. */
  to: FilePath,
  /** Files that are there are replaced, which needs `file.update` there; otherwise they stay. @default false */
  replace: Type.Optional(Type.Boolean()),
})

export const DownloadTicket = named(
  'DownloadTicket',
  Type.Object({
    id: Uuid,
    /** Path at the panel, for a browser to go to: once, by the same person, before it expires. */
    url: Type.String(),
    expiresAt: Timestamp,
  }),
)
