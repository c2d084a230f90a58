import type { FileEntry, FileType } from './files.ts'

/** Something that lies in an archive. */
export interface ArchiveMember {
  readonly name: string
  readonly type: FileType
  /** Decompressed; null where the archive does not say. */
  readonly sizeBytes: number | null
  /** What it takes in the archive; null where members are compressed together. */
  readonly packedBytes: number | null
  /** Permissions, nine bits. */
  readonly mode: number
  /** Milliseconds since 1970. */
  readonly modifiedAt: number | null
  readonly linkTarget: string | null
  readonly isEncrypted: boolean
}

export interface ArchiveListOptions {
  /** Directory inside the archive. @default the whole */
  readonly directory?: string
  /** @default 0 */
  readonly offset?: number
  /** @default all */
  readonly limit?: number
  readonly signal?: AbortSignal | undefined
}

export interface ArchivePage {
  /** Directories first, by name. */
  readonly members: readonly ArchiveMember[]
  /** In the whole directory. */
  readonly total: number
  /** Of the archive itself. */
  readonly revision: number
}

/** A file of an archive that is open to be read. */
export interface OpenMember extends AsyncDisposable {
  /** Name, size and time of the member; the revision is that of the archive. A size that nobody knows is 0. */
  stat(): Promise<FileEntry>
  /** Fewer bytes than asked for come only from the end. Going on is cheap, going back may begin anew. */
  read(offset: number, length: number): Promise<Uint8Array>
}

/**
 * Looks into archives without unpacking them. Every call may throw `ARCHIVE_INVALID` (damaged), `ARCHIVE_UNSUPPORTED`,
 * `ARCHIVE_ENCRYPTED` and `ARCHIVE_TOO_LARGE` (beyond the limits of looking into it), and what reading the file throws.
 */
export interface FileArchives {
  /** @throws AppError `ARCHIVE_MEMBER_NOT_FOUND` */
  list(path: string, options?: ArchiveListOptions): Promise<ArchivePage>
  /** Opens a file of the archive; null is the content of a file that is only compressed. @throws AppError `ARCHIVE_MEMBER_NOT_FOUND` */
  open(path: string, member: string | null): Promise<OpenMember>
}
