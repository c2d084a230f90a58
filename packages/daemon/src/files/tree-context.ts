import { constants } from 'node:fs'
import { chown, lchown, mkdir, open, type FileHandle } from 'node:fs/promises'
import { AppError } from '@hatchery/core/errors'
import type { PathPatterns, ServerId } from '@hatchery/core/runtime'
import { walkBeneath, type Place } from './open-beneath.ts'
import { Pinned, below, itself, type Descriptor } from './pinned.ts'
import { walkTree } from './walk-tree.ts'

/** What every operation on one server's tree works with. */
export interface TreeContext {
  readonly server: ServerId
  /** Host path of the server's data directory. */
  readonly root: string
  /** Host path of a directory on the same file system that no server sees: unfinished files, trash. */
  readonly privateRoot: string
  /** Owner of what is written. */
  readonly uid: number
  readonly gid: number
  /** The process may give files away, and has to. */
  readonly isRoot: boolean
  readonly protected: PathPatterns
}

/** Walks to an existing or missing name; the place has to be disposed of. */
export function walkTo(
  ctx: TreeContext,
  path: string,
  options: { readonly followLast: boolean; readonly makesDirectories?: boolean },
): Promise<Place> {
  const makeDirectory = options.makesDirectories
    ? async (parent: Descriptor, name: Buffer, names: readonly string[]) => {
        refuseProtected(ctx, names, true)
        await makeOwnDirectory(ctx, parent, name).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'EEXIST') throw error
        })
      }
    : undefined
  return walkBeneath(ctx.root, path, { followLast: options.followLast, makeDirectory })
}

/** Makes a directory that belongs to the server. Fails with `EEXIST` like the system call. */
export async function makeOwnDirectory(ctx: TreeContext, parent: Descriptor, name: Buffer): Promise<void> {
  await mkdir(below(parent, name), 0o755)
  if (!ctx.isRoot) return
  using made = Pinned.openDirectory(below(parent, name))
  await chown(itself(made), ctx.uid, ctx.gid)
}

/** The directory beside the tree; made when it is missing. The caller closes it. */
export async function openPrivate(ctx: TreeContext, name: string): Promise<FileHandle> {
  const flags = constants.O_RDONLY | constants.O_DIRECTORY
  for (const path of [ctx.privateRoot, `${ctx.privateRoot}/${name}`]) {
    const isNew = await mkdir(path, 0o700).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'EEXIST') return false
        throw error
      },
    )
    if (isNew && ctx.isRoot) await lchown(path, ctx.uid, ctx.gid)
  }
  return open(`${ctx.privateRoot}/${name}`, flags | constants.O_NOFOLLOW)
}

/** @throws AppError `FILE_PROTECTED` */
export function refuseProtected(ctx: TreeContext, names: readonly string[], isDirectory: boolean): void {
  if (!ctx.protected.matches(names, isDirectory)) return
  throw new AppError('FILE_PROTECTED', { path: names.join('/') })
}

/**
 * The same for a directory with everything in it, which may also be about to get other names.
 * @throws AppError `FILE_PROTECTED`
 */
export async function refuseProtectedTree(
  ctx: TreeContext,
  pinned: Pinned,
  places: readonly (readonly string[])[],
): Promise<void> {
  const isDirectory = pinned.stat().isDirectory()
  for (const names of places) refuseProtected(ctx, names, isDirectory)
  if (!isDirectory || ctx.protected.isEmpty) return
  for await (const { names, info } of walkTree(pinned)) {
    for (const place of places) refuseProtected(ctx, [...place, ...names], info.isDirectory())
  }
}
