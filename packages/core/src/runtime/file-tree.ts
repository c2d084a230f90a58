import type { FileArchives } from './file-archives.ts'
import type { FileTrash, FileUploads } from './file-areas.ts'
import type { FileHistory } from './file-history.ts'
import type {
  Checksum,
  ChmodOptions,
  DiskUseReport,
  FileEntry,
  FilePage,
  ListOptions,
  OpenFile,
  OpenOptions,
  PackOptions,
  PackStreamOptions,
  SearchOptions,
  SearchReport,
  UnpackOptions,
  UnpackReport,
  UnpackStreamOptions,
  WatchOptions,
  WorkOptions,
  WriteOptions,
} from './files.ts'
import type { ServerId } from './runtime.ts'

/**
 * The only way to a server's files. Paths are relative to the server's root with `/` between names; each component is
 * opened by itself, so that no link leads out (RULES 17). No host path and no descriptor leaves an implementation.
 *
 * Every call may throw `PATH_INVALID` (no path, or something else stands there), `PATH_OUTSIDE` (it leads out),
 * `FILE_NOT_FOUND`, `FILE_PROTECTED` (see {@link FileTree.protecting}), `FILE_DENIED` (the file system refuses) and,
 * where it writes, `DISK_FULL`.
 */
export interface FileTree extends AsyncDisposable {
  readonly server: ServerId
  readonly trash: FileTrash
  readonly uploads: FileUploads
  readonly archives: FileArchives
  readonly history: FileHistory
  /**
   * The same tree, but what these patterns match can be neither read nor changed, by whatever name or link it is reached;
   * nor can a directory that holds such a file be moved, copied or deleted. Lists show it. Patterns are those of gitignore,
   * relative to the root.
   */
  protecting(patterns: readonly string[]): FileTree

  /** One page of a directory, sorted. Names that vanish meanwhile are left out. */
  list(path: string, options?: ListOptions): Promise<FilePage>
  /** null when there is nothing. A link itself is described, unless links are to be followed. */
  stat(path: string, options?: { readonly followLinks?: boolean }): Promise<FileEntry | null>
  /** The content, or a part of it. */
  read(path: string, options?: { readonly offset?: number; readonly maxBytes?: number }): Promise<Uint8Array>
  /**
   * Replaces the file atomically: temporary file, fsync, rename. Missing directories are made.
   * @throws AppError `REVISION_MISMATCH`, `FILE_EXISTS`
   */
  write(path: string, content: Uint8Array, options?: WriteOptions): Promise<FileEntry>
  /**
   * The same for content that comes in pieces. When the source fails, nothing has changed.
   * @throws AppError `REVISION_MISMATCH`, `FILE_EXISTS`; what the source throws
   */
  writeFrom(path: string, source: AsyncIterable<Uint8Array>, options?: WriteOptions): Promise<FileEntry>
  /** Opens a regular file to read or change it in place. @throws AppError `FILE_EXISTS` */
  open(path: string, options?: OpenOptions): Promise<OpenFile>

  /** Makes a directory; missing ones on the way as well when recursive, and then one that exists is none to complain about. */
  makeDirectory(path: string, options?: { readonly isRecursive?: boolean }): Promise<void>
  /**
   * Gives something another name. Without `replace`, a name that is taken is `FILE_EXISTS`; with it, files and empty
   * directories are replaced in one step.
   */
  move(from: string, to: string, options?: { readonly replace?: boolean }): Promise<void>
  /** Copies a file, a link or a whole directory to a name that is free. Sockets and devices are left out. */
  copy(from: string, to: string, options?: WorkOptions): Promise<void>
  /** Removes what is there, if anything; without `isRecursive` (the default has it) no directory that holds something. */
  remove(path: string, options?: WorkOptions & { readonly isRecursive?: boolean }): Promise<void>
  chmod(path: string, options: ChmodOptions): Promise<void>
  /** Sets the times of a file, a directory or a link itself; milliseconds since 1970. */
  setTimes(path: string, times: { readonly accessedAt: number; readonly modifiedAt: number }): Promise<void>
  /** Makes a link with any target; what it leads to is decided when somebody follows it. @throws AppError `FILE_EXISTS` */
  makeLink(path: string, target: string): Promise<void>
  /** A second name for a regular file. @throws AppError `FILE_EXISTS` */
  hardLink(existing: string, path: string): Promise<void>

  /** Hexadecimal. */
  checksum(path: string, algorithm: Checksum, options?: WorkOptions): Promise<string>
  /**
   * Packs names of one directory into a new file, which is there when it is whole. What is protected is left out.
   * @throws AppError `FILE_EXISTS`, `ARCHIVE_TOO_LARGE`
   */
  pack(options: PackOptions): Promise<FileEntry>
  /**
   * Unpacks zip, tar, 7z and rar, and tar or single files compressed with gzip, zstd, xz, bzip2 or lz4. Nothing is changed when the
   * archive is damaged, too large, or holds a path that leads out; devices are left out.
   * @throws AppError `ARCHIVE_INVALID`, `ARCHIVE_TOO_LARGE`, `ARCHIVE_ENCRYPTED`, `ARCHIVE_UNSUPPORTED`,
   * `ARCHIVE_MEMBER_NOT_FOUND`
   */
  unpack(path: string, options: UnpackOptions): Promise<UnpackReport>
  /**
   * The same as bytes that come while they are taken; nothing is written. Errors come out of the loop; the first piece says that
   * the first name is there. Leaving the loop, or the signal, ends the work.
   */
  packStream(options: PackStreamOptions): AsyncIterable<Uint8Array>
  /**
   * Unpacks a plain tar that comes piece by piece. Nothing is in the tree before all of it has come.
   * @throws AppError as {@link FileTree.unpack}; what the source throws
   */
  unpackFrom(source: AsyncIterable<Uint8Array>, options: UnpackStreamOptions): Promise<UnpackReport>
  /**
   * Names of a directory that were made, changed or removed, by whomever; null when that may be anything. The first answer is
   * empty and says that the watch is on. It ends when the directory is gone, with the signal, or when the loop is left.
   * @throws AppError `FILES_UNAVAILABLE` when the machine can watch no more
   */
  watch(path: string, options?: WatchOptions): AsyncIterable<readonly string[] | null>
  /** Looks for names and text below a directory, within bounds; what is protected is found by name only. */
  search(path: string, options: SearchOptions): Promise<SearchReport>
  /** Removes what interrupted work has left beside the tree, when it is older than this; milliseconds since 1970. */
  tidy(before: number): Promise<void>
  /** Counts a directory with all that is below; a file with several names counts once. */
  diskUse(path: string, options?: WorkOptions): Promise<DiskUseReport>
}
