export {
  changeModes,
  copyEntry,
  createEntry,
  deleteEntries,
  forEach,
  moveEntries,
  packEntries,
  unpackEntry,
} from './change-files.ts'
export { Pulls } from './pulls.ts'
export { DirectoryWatches } from './directory-watches.ts'
export { receiveFiles } from './receive-files.ts'
export { beginArchive } from './send-archive.ts'
export { FileJobs } from './file-jobs.ts'
export { previewRenames, renameEntries } from './rename-entries.ts'
export { ServerFiles, trashExpiry, type OpenServer } from './server-files.ts'
export { appendToUpload, ownUpload, requireUploader, uploadOf } from './uploads.ts'
