import { lstat, readdir, rmdir, unlink } from 'node:fs/promises'
import { AppError } from '@hatchery/core/errors'
import { type WorkOptions, nameFromBytes } from '@hatchery/core/runtime'
import { invalid, whenGone } from './file-errors.ts'
import { Pinned, below, itself, type Descriptor } from './pinned.ts'
import { refuseProtectedTree, walkTo, type TreeContext } from './tree-context.ts'
import { MAX_DEPTH } from './walk-tree.ts'

/** Removes what is there, if anything. */
export async function removeTree(
  ctx: TreeContext,
  path: string,
  options: WorkOptions & { readonly isRecursive?: boolean },
): Promise<void> {
  using place = await walkTo(ctx, path, { followLast: false })
  if (!place.target) return
  if (!place.name) return invalid(path)
  await refuseProtectedTree(ctx, place.target, [place.names])
  await removeName(place.parent, place.name, options)
}

interface RemoveOptions extends WorkOptions {
  readonly isRecursive?: boolean
}

export async function removeName(parent: Descriptor, name: Buffer, options: RemoveOptions): Promise<void> {
  const done = { files: 0, bytes: 0 }
  await remove(parent, name, 0)

  async function remove(directory: Descriptor, entry: Buffer, depth: number): Promise<void> {
    options.signal?.throwIfAborted()
    if (depth > MAX_DEPTH) throw new AppError('PATH_INVALID', { path: nameFromBytes(entry) })
    const info = await lstat(below(directory, entry)).catch(whenGone)
    if (!info) return
    if (!info.isDirectory()) {
      await unlink(below(directory, entry)).catch(whenGone)
    } else {
      if (options.isRecursive ?? true) {
        using opened = Pinned.openDirectory(below(directory, entry))
        for (const child of await readdir(itself(opened), 'buffer')) await remove(opened, child, depth + 1)
      }
      await rmdir(below(directory, entry)).catch(whenGone)
    }
    done.files += 1
    options.onProgress?.({ ...done })
  }
}
