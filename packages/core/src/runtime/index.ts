export { attachmentOf } from './attachment.ts'
export type { Endpoint, Endpoints } from './endpoints.ts'
export type { ArchiveListOptions, ArchiveMember, ArchivePage, FileArchives, OpenMember } from './file-archives.ts'
export type { FileTrash, FileUploads, TrashedFile, UploadState } from './file-areas.ts'
export type {
  FileHistory,
  FileRevision,
  HistoryLimits,
  KeepOptions,
  LostFile,
  RevisionAuthor,
  RevisionVia,
} from './file-history.ts'
export { bytesFromName, nameFromBytes, nameFromLatin1 } from './file-names.ts'
export type { FileTree } from './file-tree.ts'
export {
  ARCHIVE_FORMATS,
  CHECKSUMS,
  type ArchiveFormat,
  type Checksum,
  type ChmodOptions,
  type DiskUse,
  type DiskUseReport,
  type FileEntry,
  type FilePage,
  type FileProgress,
  type FileSort,
  type FileType,
  type ListOptions,
  type OpenFile,
  type OpenOptions,
  type PackOptions,
  type PackStreamOptions,
  type SearchMatch,
  type SearchOptions,
  type SearchReport,
  type UnpackOptions,
  type UnpackReport,
  type UnpackStreamOptions,
  type WatchOptions,
  type WorkOptions,
  type WriteOptions,
} from './files.ts'
export type {
  InstallResult,
  InstallSpec,
  OnProgress,
  OutputChunk,
  OutputOptions,
  Progress,
  RunningProcess,
  Runtime,
  RuntimeCapabilities,
  RuntimeSpec,
  ServerId,
} from './runtime.ts'
export type { Volume, Volumes } from './volumes.ts'
export { compileGlob, compilePathPatterns, type PathPatterns } from './path-patterns.ts'
