/** How a revision came to be; `outside` is what was found: the game wrote it, or it was there before history began. */
export type RevisionVia = 'page' | 'upload' | 'sftp' | 'restore' | 'config' | 'outside'

/** Who saved a file. */
export interface RevisionAuthor {
  /** Uuid; null where nobody is known. */
  readonly user: string | null
  readonly name: string | null
  readonly via: RevisionVia
}

/** What a file once was. */
export interface FileRevision extends RevisionAuthor {
  readonly id: string
  /** Canonical path of the file: no links, no dots. */
  readonly path: string
  /** When it was kept, milliseconds since 1970. */
  readonly at: number
  readonly sizeBytes: number
  /** Hexadecimal, of the content; null where that is not kept, because it is no text or too large. */
  readonly sha256: string | null
}

/** A file that is gone, but not what it was. */
export interface LostFile {
  readonly path: string
  /** Of its newest revision with content. */
  readonly revision: string
  readonly at: number
  readonly sizeBytes: number
}

export interface KeepOptions {
  readonly id: string
  readonly at: number
  readonly author: RevisionAuthor
  /** Content that is larger, compressed, is not kept; at most 4 MiB. Nothing is kept of a file that is longer than 4 MiB. */
  readonly maxContentBytes: number
}

export interface HistoryLimits {
  /** Older ones go; milliseconds since 1970. */
  readonly before: number
  readonly perFile: number
  /** Of what is stored, all files together. */
  readonly bytes: number
}

/** What files were before they were saved, beside the tree and under the same quota; the server itself never sees it. */
export interface FileHistory {
  /**
   * Keeps what a file is now, unless that is its newest revision already. What is no text is noted only where there is a
   * history to go on with.
   * @returns null when there was nothing to keep @throws AppError as {@link FileTree.read}, `DISK_FULL`
   */
  keep(path: string, options: KeepOptions): Promise<FileRevision | null>
  /** Newest first. Of a path that is protected, none. */
  list(path: string): Promise<readonly FileRevision[]>
  /** Files with a history at whose path nothing is, newest first; at most 1,000. */
  listLost(): Promise<readonly LostFile[]>
  /** @throws AppError `FILE_REVISION_NOT_FOUND`, also when it is protected */
  find(id: string): Promise<FileRevision>
  /** @throws AppError `FILE_REVISION_NOT_FOUND`, also when its content was not kept or is damaged */
  read(id: string): Promise<Uint8Array>
  /** Gives the history of a file, or of everything below a directory, to its new name. A history there is gone on with. */
  move(from: string, to: string): Promise<void>
  /** Forgets a file's history, or all of it. @returns how many revisions it was */
  forget(path: string | null): Promise<number>
  /** Gives up what is over a limit, oldest first, and what a crash has left. @returns bytes that are free now */
  prune(limits: HistoryLimits): Promise<number>
}
