import type { FileEntry, FileType, WorkOptions, WriteOptions } from './files.ts'

/** Something that was deleted and can come back. */
export interface TrashedFile {
  readonly id: string
  /** Where it was. */
  readonly path: string
  readonly type: FileType
  readonly diskBytes: number
  /** Milliseconds since 1970. */
  readonly deletedAt: number
}

/** What was deleted, beside the tree and under the same quota; the server itself never sees it. */
export interface FileTrash {
  /** Moves something into the trash in one step. @throws AppError as {@link FileTree.remove} */
  put(path: string, item: { readonly id: string; readonly at: number }): Promise<void>
  /** Newest first. */
  list(): Promise<readonly TrashedFile[]>
  /**
   * Puts an item to where it was, or to another path, with the directories on the way.
   * @returns the path @throws AppError `TRASH_ITEM_NOT_FOUND`, `FILE_EXISTS`
   */
  restore(id: string, path: string | null): Promise<string>
  /** Removes an item for ever; one that is not there is none to complain about. */
  remove(id: string, options?: WorkOptions): Promise<void>
}

export interface UploadState {
  readonly id: string
  readonly owner: string
  readonly path: string
  readonly sizeBytes: number
  /** Bytes that are safely on the disk. */
  readonly offset: number
  /** When something was added last, milliseconds since 1970. */
  readonly touchedAt: number
}

/** Files that come in pieces, over days if need be, before they get their name in the tree. */
export interface FileUploads {
  /** Begins an upload, or answers where it stands. @throws AppError as {@link FileTree.write} */
  begin(
    upload: Pick<UploadState, 'id' | 'owner' | 'path' | 'sizeBytes'>,
    options: Pick<WriteOptions, 'mustBeNew' | 'mustExist'>,
  ): Promise<UploadState>
  /** null when there is none of that id. */
  find(id: string): Promise<UploadState | null>
  list(): Promise<readonly UploadState[]>
  /**
   * Adds what comes, from the present end on; what has arrived is kept when the source fails.
   * @throws AppError `UPLOAD_NOT_FOUND`, `UPLOAD_OFFSET` (it ends elsewhere), `UPLOAD_TOO_LONG`
   */
  append(id: string, offset: number, source: AsyncIterable<Uint8Array>): Promise<UploadState>
  /** Gives a complete upload its name. @throws AppError `UPLOAD_NOT_FOUND`, `UPLOAD_INCOMPLETE`, `FILE_EXISTS` */
  finish(id: string): Promise<FileEntry>
  cancel(id: string): Promise<void>
}
