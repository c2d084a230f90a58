import { chmod, lutimes, utimes } from 'node:fs/promises'
import type { ChmodOptions } from '@hatchery/core/runtime'
import { notFound } from './file-errors.ts'
import { Pinned, below, itself, type Descriptor } from './pinned.ts'
import { refuseProtectedTree, walkTo, type TreeContext } from './tree-context.ts'
import { walkTree } from './walk-tree.ts'

/** Sets permissions through a descriptor of what was looked at; links have none of their own. */
export async function changeMode(ctx: TreeContext, path: string, options: ChmodOptions): Promise<void> {
  const { mode, directoryMode = mode, isRecursive = false, signal, onProgress } = options
  using place = await walkTo(ctx, path, { followLast: true })
  const target = place.target ?? notFound(path)
  const isDirectory = target.stat().isDirectory()
  await refuseProtectedTree(ctx, target, isRecursive || !isDirectory ? [place.names] : [])
  const modeFor = (isOne: boolean) => (isOne && isRecursive ? directoryMode : mode) & 0o777

  let files = 0
  if (isRecursive && isDirectory) {
    for await (const visit of walkTree(target, signal)) {
      if (visit.info.isSymbolicLink()) continue
      await setMode(visit.parent, visit.name, modeFor)
      onProgress?.({ files: ++files, bytes: 0 })
    }
  }
  await chmod(itself(target), modeFor(isDirectory))
}

async function setMode(parent: Descriptor, name: Buffer, modeFor: (isDirectory: boolean) => number): Promise<void> {
  using pinned = Pinned.find(below(parent, name))
  const info = pinned?.stat()
  // A link that was swapped in would lead elsewhere.
  if (!pinned || !info || info.isSymbolicLink()) return
  await chmod(itself(pinned), modeFor(info.isDirectory()))
}

export async function changeTimes(
  ctx: TreeContext,
  path: string,
  times: { readonly accessedAt: number; readonly modifiedAt: number },
): Promise<void> {
  using place = await walkTo(ctx, path, { followLast: false })
  const target = place.target ?? notFound(path)
  await refuseProtectedTree(ctx, target, [place.names])
  const [accessed, modified] = [times.accessedAt / 1000, times.modifiedAt / 1000]
  const info = target.stat()
  if (info.isSymbolicLink() && place.name) await lutimes(below(place.parent, place.name), accessed, modified)
  else await utimes(itself(target), accessed, modified)
}
