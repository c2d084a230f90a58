export { changeModes, copyEntry, createEntry, deleteEntries, forEach, moveEntries } from './change-files.ts'
export { ServerFiles, trashExpiry, uploadExpiry, type OpenServer } from './server-files.ts'
