export type FileType = 'file' | 'directory' | 'symlink' | 'other'

/** What is known of one name in a server's tree. Names are bytes: one that is no UTF-8 is the lone surrogate U+DC80…U+DCFF. */
export interface FileEntry {
  readonly name: string
  readonly type: FileType
  /** Length of the content; of a directory and of a link whatever the file system says. */
  readonly sizeBytes: number
  /** What it takes on the disk, holes left out. */
  readonly diskBytes: number
  /** The lower twelve bits: permissions with setuid, setgid and sticky. */
  readonly mode: number
  /** Milliseconds since 1970. */
  readonly modifiedAt: number
  /** Where a link leads, as it is stored; null for everything else. */
  readonly linkTarget: string | null
  /** Changes with content, name and mode: what `If-Match` compares. A number of at most 48 bits. */
  readonly revision: number
}

export type FileSort = 'name' | '-name' | 'size' | '-size' | 'modified' | '-modified'

export interface ListOptions {
  /** Directories always come first. @default 'name' */
  readonly sort?: FileSort
  /** Begins after this many entries. @default 0 */
  readonly offset?: number
  /** @default all */
  readonly limit?: number
}

export interface FilePage {
  readonly entries: readonly FileEntry[]
  /** Names in the whole directory. */
  readonly total: number
}

export interface WriteOptions {
  /** The revision that the change is based on: another one is `REVISION_MISMATCH`, a missing file as well. */
  readonly ifRevision?: number | undefined
  /** `FILE_EXISTS` when the name is taken. @default false */
  readonly mustBeNew?: boolean | undefined
  /** `FILE_NOT_FOUND` when nothing is there. @default false */
  readonly mustExist?: boolean | undefined
}

/** What a long piece of work has done so far. */
export interface FileProgress {
  readonly files: number
  readonly bytes: number
  /** How much of all there is to do, in whatever bytes it is counted; missing where nobody knows how much there is. */
  readonly done?: { readonly bytes: number; readonly totalBytes: number }
}

export interface WorkOptions {
  readonly onProgress?: (progress: FileProgress) => void
  readonly signal?: AbortSignal | undefined
}

export interface ChmodOptions extends WorkOptions {
  /** Permissions, nine bits: setuid, setgid and sticky are never set. */
  readonly mode: number
  /** Everything below as well; links are left alone. @default false */
  readonly isRecursive?: boolean
  /** Other permissions for directories, when recursive. @default `mode` */
  readonly directoryMode?: number | undefined
}

export const CHECKSUMS = ['crc32', 'md5', 'sha1', 'sha256', 'sha512'] as const
export type Checksum = (typeof CHECKSUMS)[number]

/** How much of the disk something takes, with everything below it. */
export interface DiskUse {
  readonly name: string
  readonly type: FileType
  readonly diskBytes: number
  /** Names below and including it. */
  readonly entries: number
}

export interface DiskUseReport {
  readonly diskBytes: number
  readonly entries: number
  /** What lies directly in the directory, largest first; at most a thousand. */
  readonly children: readonly DiskUse[]
  /** The count stopped at its limit: there is more. */
  readonly isPartial: boolean
}

export interface OpenOptions {
  /** @default false */
  readonly canWrite?: boolean
  /** What to do where nothing is, or where something is: as the words of `open(2)`. @default 'never' */
  readonly create?: 'never' | 'if-missing' | 'must-be-new'
  /** Empties the file; needs `canWrite`. @default false */
  readonly truncates?: boolean
}

/** A regular file that is open. It stays the same file whatever becomes of its name. */
export interface OpenFile extends AsyncDisposable {
  /** Number of its descriptor, where this very process has it open. */
  readonly descriptor?: number
  stat(): Promise<FileEntry>
  /** Fewer bytes than asked for come only from the end of the file. */
  read(offset: number, length: number): Promise<Uint8Array>
  /** @throws AppError `DISK_FULL` */
  write(offset: number, bytes: Uint8Array): Promise<void>
  truncate(sizeBytes: number): Promise<void>
  /** Sets permissions, nine bits. */
  chmod(mode: number): Promise<void>
  /** Milliseconds since 1970. */
  setTimes(times: { readonly accessedAt: number; readonly modifiedAt: number }): Promise<void>
  /** Settles when everything written is on the disk. */
  sync(): Promise<void>
}

export const ARCHIVE_FORMATS = ['zip', 'tar', 'tar.gz', 'tar.zst'] as const
export type ArchiveFormat = (typeof ARCHIVE_FORMATS)[number]

export interface WatchOptions {
  readonly signal?: AbortSignal | undefined
}

/** What is packed while it is sent. */
export interface PackStreamOptions extends WorkOptions {
  /** Directory that the names lie in; the archive's paths begin there. */
  readonly directory: string
  readonly names: readonly string[]
  readonly format: ArchiveFormat
}

export interface PackOptions extends PackStreamOptions {
  /** Path of the archive; nothing may be there. */
  readonly to: string
  /** The archive may get no larger. @default without limit */
  readonly maxBytes?: number | undefined
}

export interface UnpackOptions extends WorkOptions {
  /** Directory that it is unpacked into; made when it is missing. */
  readonly to: string
  /** Files that are there are replaced; otherwise they stay and count as skipped. */
  readonly replace: boolean
  /** Paths inside the archive, a directory with all that lies in it. @default everything */
  readonly members?: readonly string[] | undefined
  /** No more bytes than this may come out. */
  readonly maxBytes: number
}

/** What comes as a plain tar, piece by piece. */
export type UnpackStreamOptions = Omit<UnpackOptions, 'members'>

export interface UnpackReport {
  readonly files: number
  /** Left out: something was in the way, or it is protected. */
  readonly skipped: number
}

export interface SearchOptions extends WorkOptions {
  /** Names with `*`, `?` and `[…]`, any of which fits; a name without any of them fits wherever it is part of one. @default all */
  readonly names?: readonly string[] | undefined
  /** Directories and files that are left out, as patterns of gitignore. */
  readonly exclude?: readonly string[] | undefined
  /** Text that a file has to hold; files with NUL bytes are not looked into. */
  readonly text?: string | undefined
  /** Of text and of names. @default false */
  readonly isCaseSensitive?: boolean | undefined
  readonly limit: number
}

export interface SearchMatch {
  /** From the root. */
  readonly path: string
  readonly type: FileType
  readonly sizeBytes: number
  readonly modifiedAt: number
  /** The first lines that hold the text, cut to a sensible length; empty when no text was asked for. */
  readonly lines: readonly { readonly line: number; readonly text: string }[]
}

export interface SearchReport {
  readonly matches: readonly SearchMatch[]
  /** Not everything was looked at: there may be more. */
  readonly isPartial: boolean
}
