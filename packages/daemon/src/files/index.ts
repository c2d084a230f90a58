export { countOnce } from './read-tree.ts'
export { createLocalFileTree, createVolumeFileTree, type LocalFileTreeOptions } from './local-file-tree.ts'
export { below, itself, PATH_FLAGS } from './open-beneath.ts'
export { walkTree, type Visit } from './walk-tree.ts'
