export { createDirectoryVolumes, diskUsage, type DirectoryVolumesOptions } from './directory-volumes.ts'
