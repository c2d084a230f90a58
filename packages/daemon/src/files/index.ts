export { createLocalFileTree } from './local-file-tree.ts'
