export { createDirectoryVolumes } from './directory-volumes.ts'
