import { constants } from 'node:fs'
import { lchown, link, mkdir, open, rename, rmdir, symlink, unlink } from 'node:fs/promises'
import { AppError } from '@hatchery/core/errors'
import { bytesFromName } from '@hatchery/core/runtime'
import { invalid, notFound } from './file-errors.ts'
import { below, itself, type Descriptor } from './pinned.ts'
import { makeOwnDirectory, refuseProtected, refuseProtectedTree, walkTo, type TreeContext } from './tree-context.ts'

const MAX_TARGET_BYTES = 4095

export async function makeDirectory(ctx: TreeContext, path: string, isRecursive: boolean): Promise<void> {
  using place = await walkTo(ctx, path, { followLast: isRecursive, makesDirectories: isRecursive })
  refuseProtected(ctx, place.names, true)
  if (isRecursive && place.target) {
    if (!place.target.stat().isDirectory()) throw taken(path)
    return
  }
  if (place.target || !place.name) throw taken(path)
  await makeOwnDirectory(ctx, place.parent, place.name)
  await syncDirectory(place.parent)
}

/** Gives a name in one step. Without `replace`, nothing that stands at the new name is touched (RULES 17). */
export async function moveName(ctx: TreeContext, from: string, to: string, replace: boolean): Promise<void> {
  using source = await walkTo(ctx, from, { followLast: false })
  using goal = await walkTo(ctx, to, { followLast: false })
  const [fromName, toName] = [source.name ?? invalid(from), goal.name ?? invalid(to)]
  const target = source.target ?? notFound(from)
  await refuseProtectedTree(ctx, target, [source.names, goal.names])
  if (goal.target && replace) await refuseProtectedTree(ctx, goal.target, [goal.names])
  if (isSame(source.names, goal.names)) return

  const [old, fresh] = [below(source.parent, fromName), below(goal.parent, toName)]
  const isDirectory = target.stat().isDirectory()
  if (replace) await rename(old, fresh)
  else if (isDirectory) await renameOntoFresh(old, fresh)
  else await linkOntoFresh(old, fresh)
  await syncDirectory(source.parent)
  await syncDirectory(goal.parent)
}

/** Gives what is no directory a name that is free. It never keeps both names, unless neither can be taken away. */
export async function linkOntoFresh(old: Buffer, fresh: Buffer): Promise<void> {
  await link(old, fresh)
  try {
    await unlink(old)
  } catch (error) {
    await unlink(fresh).catch(() => undefined) // the first error counts
    throw error
  }
}

/** A directory replaces an empty one only, so an empty one of ours holds the name until then. */
export async function renameOntoFresh(old: Buffer, fresh: Buffer): Promise<void> {
  await mkdir(fresh, 0o700)
  try {
    await rename(old, fresh)
  } catch (error) {
    await rmdir(fresh).catch(() => undefined) // the first error counts
    throw error
  }
}

export async function makeLink(ctx: TreeContext, path: string, target: string): Promise<void> {
  const bytes = bytesFromName(target)
  if (bytes.length === 0 || bytes.length > MAX_TARGET_BYTES || target.includes('\0')) return invalid(target)
  using place = await walkTo(ctx, path, { followLast: false })
  refuseProtected(ctx, place.names, false)
  if (place.target || !place.name) throw taken(path)
  await symlink(bytes, below(place.parent, place.name))
  if (ctx.isRoot) await lchown(below(place.parent, place.name), ctx.uid, ctx.gid)
  await syncDirectory(place.parent)
}

export async function hardLink(ctx: TreeContext, existing: string, path: string): Promise<void> {
  using source = await walkTo(ctx, existing, { followLast: false })
  using place = await walkTo(ctx, path, { followLast: false })
  for (const { names } of [source, place]) refuseProtected(ctx, names, false)
  const target = source.target ?? notFound(existing)
  if (!target.stat().isFile() || !source.name) return invalid(existing)
  if (place.target || !place.name) throw taken(path)
  await link(below(source.parent, source.name), below(place.parent, place.name))
  await syncDirectory(place.parent)
}

export async function syncDirectory(directory: Descriptor): Promise<void> {
  await using opened = await open(itself(directory), constants.O_RDONLY | constants.O_DIRECTORY)
  await opened.sync()
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index])
}

function taken(path: string): AppError {
  return new AppError('FILE_EXISTS', { path: path.slice(0, 200) })
}
