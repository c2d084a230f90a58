import { Type, type Static } from 'typebox'
import { Nullable, OneOf, Timestamp, Uuid, named } from './common.ts'

/** How a revision came to be; `outside` is what was found there: the game wrote it, or it was there before history began. */
export const RevisionVia = OneOf(['page', 'upload', 'sftp', 'restore', 'config', 'outside'])

export const FileRevision = named(
  'FileRevision',
  Type.Object({
    id: Uuid,
    path: Type.String(),
    /** When it was kept. */
    at: Timestamp,
    /** Who saved it; null where nobody is known. */
    user: Nullable(Uuid),
    name: Nullable(Type.String()),
    via: RevisionVia,
    sizeBytes: Type.Integer(),
    /** Hexadecimal; null where the content was not kept, because it is no text or too large. */
    sha256: Nullable(Type.String()),
  }),
)
export type FileRevision = Static<typeof FileRevision>

/** A file that is gone, but not what it was. */
export const LostFile = named(
  'LostFile',
  Type.Object({
    path: Type.String(),
    /** Of its newest content. */
    revision: Uuid,
    at: Timestamp,
    sizeBytes: Type.Integer(),
  }),
)
export type LostFile = Static<typeof LostFile>
