import { AppError } from '@hatchery/core/errors'
import { compilePathPatterns, type FileTree, type ServerId, type Volume, nameFromBytes } from '@hatchery/core/runtime'
import { ArchiveIndexes } from './archives/archive-index.ts'
import { archivesOf } from './archives/open-member.ts'
import { packStream } from './archives/pack-stream.ts'
import { pack } from './archives/pack.ts'
import { unpackStream } from './archives/unpack-stream.ts'
import { unpack } from './archives/unpack.ts'
import { historyOf } from '../history/index.ts'
import { changeMode, changeTimes } from './change-attributes.ts'
import { hardLink, makeDirectory, makeLink, moveName } from './change-names.ts'
import { copyTree } from './copy-tree.ts'
import { entryOf, linkTargetOf } from './file-entries.ts'
import { guarded, invalid, notFound } from './file-errors.ts'
import { listDirectory } from './list-directory.ts'
import { openFile, openRegular, readAt } from './open-file.ts'
import { checksumOf, diskUseOf } from './read-tree.ts'
import { removeTree } from './remove-tree.ts'
import { searchTree } from './search-tree.ts'
import { tidy } from './tidy.ts'
import { trashOf } from './trash.ts'
import { walkTo, type TreeContext } from './tree-context.ts'
import { uploadsOf } from './uploads.ts'
import { watchDirectory } from './watch-directory.ts'
import { writeFile } from './write-file.ts'

export interface LocalFileTreeOptions {
  readonly server: ServerId
  /** Host path of the server's data directory. */
  readonly root: string
  /** Host path of a directory on the same file system that no server sees; made when it is missing. */
  readonly privateRoot: string
  /** Owner of what is written. */
  readonly uid: number
  readonly gid: number
}

/** The files of one server on this machine; Linux only, because it walks through `/proc/self/fd`. */
export function createLocalFileTree(options: LocalFileTreeOptions): FileTree {
  return treeOf({ ...options, isRoot: process.getuid?.() === 0, protected: compilePathPatterns([]) })
}

/** The same for the current data of a volume. */
export function createVolumeFileTree(volume: Volume, owner: { readonly uid: number; readonly gid: number }): FileTree {
  const { server, dataDirectory, privateDirectory } = volume
  return createLocalFileTree({ server, root: dataDirectory, privateRoot: privateDirectory, ...owner })
}

function treeOf(ctx: TreeContext, indexes = new ArchiveIndexes()): FileTree {
  return {
    server: ctx.server,
    trash: trashOf(ctx),
    uploads: uploadsOf(ctx),
    history: historyOf(ctx),
    archives: archivesOf(ctx, indexes),
    protecting: (patterns) => treeOf({ ...ctx, protected: compilePathPatterns(patterns) }, indexes),

    list: (path, options = {}) =>
      guarded(path, async () => {
        using place = await walkTo(ctx, path, { followLast: true })
        const target = place.target ?? notFound(path)
        if (!target.stat().isDirectory()) return invalid(path)
        return await listDirectory(target, options)
      }),

    stat: (path, { followLinks = false } = {}) =>
      guarded(path, async () => {
        try {
          using place = await walkTo(ctx, path, { followLast: followLinks })
          if (!place.target) return null
          const info = place.target.bigStat()
          const target = info.isSymbolicLink() && place.name ? await linkTargetOf(place.parent, place.name) : null
          return entryOf(place.name ? nameFromBytes(place.name) : (place.names.at(-1) ?? ''), info, target)
        } catch (error) {
          if (error instanceof AppError && error.code === 'FILE_NOT_FOUND') return null
          throw error
        }
      }),

    read: (path, { offset = 0, maxBytes = Infinity } = {}) =>
      guarded(path, async () => {
        await using file = await openRegular(ctx, path, {})
        const { size } = await file.stat()
        // What grows while it is read is read up to where it was.
        return await readAt(file, offset, Math.max(0, Math.min(maxBytes, size - offset)))
      }),

    write: (path, content, options = {}) => guarded(path, () => writeFile(ctx, path, [content], options)),
    writeFrom: (path, source, options = {}) => guarded(path, () => writeFile(ctx, path, source, options)),
    open: (path, options = {}) => guarded(path, () => openFile(ctx, path, options)),

    makeDirectory: (path, { isRecursive = false } = {}) => guarded(path, () => makeDirectory(ctx, path, isRecursive)),
    move: (from, to, { replace = false } = {}) => guarded(to, () => moveName(ctx, from, to, replace)),
    copy: (from, to, options = {}) => guarded(to, () => copyTree(ctx, from, to, options)),
    remove: (path, options = {}) => guarded(path, () => removeTree(ctx, path, options)),
    chmod: (path, options) => guarded(path, () => changeMode(ctx, path, options)),
    setTimes: (path, times) => guarded(path, () => changeTimes(ctx, path, times)),
    makeLink: (path, target) => guarded(path, () => makeLink(ctx, path, target)),
    hardLink: (existing, path) => guarded(path, () => hardLink(ctx, existing, path)),

    checksum: (path, algorithm, options = {}) => guarded(path, () => checksumOf(ctx, path, algorithm, options)),
    diskUse: (path, options = {}) => guarded(path, () => diskUseOf(ctx, path, options)),
    search: (path, options) => guarded(path, () => searchTree(ctx, path, options)),
    tidy: (before) => guarded('', () => tidy(ctx, before)),
    pack: (options) => guarded(options.to, () => pack(ctx, options)),
    packStream: (options) => packStream(ctx, options),
    unpackFrom: (source, options) => guarded(options.to, () => unpackStream(ctx, source, options)),
    watch: (path, options = {}) => watchDirectory(ctx, path, options),
    unpack: (path, options) => guarded(path, () => unpack(ctx, path, options)),
    [Symbol.asyncDispose]: async () => {},
  }
}
