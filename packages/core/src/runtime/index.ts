export type { Endpoint, Endpoints, FileEntry, FileTree } from './file-tree.ts'
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
