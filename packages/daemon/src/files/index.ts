export { bytesFromName, nameFromBytes } from './file-names.ts'
export { createLocalFileTree, type LocalFileTreeOptions } from './local-file-tree.ts'
