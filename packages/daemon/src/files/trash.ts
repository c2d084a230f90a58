import { lstat, rename } from 'node:fs/promises'
import { AppError } from '@hatchery/core/errors'
import type { FileTrash, TrashedFile } from '@hatchery/core/runtime'
import { linkOntoFresh, renameOntoFresh, syncDirectory } from './change-names.ts'
import { typeOf } from './file-entries.ts'
import { guarded, invalid, notFound, whenGone } from './file-errors.ts'
import { Pinned, below } from './pinned.ts'
import { readRecord, recordIds, removeRecord, writeRecord } from './private-records.ts'
import { countOnce } from './read-tree.ts'
import { removeName } from './remove-tree.ts'
import { openPrivate, refuseProtectedTree, walkTo, type TreeContext } from './tree-context.ts'
import { walkTree } from './walk-tree.ts'

const AREA = 'trash'

type Record = Omit<TrashedFile, 'id'>

export function trashOf(ctx: TreeContext): FileTrash {
  return {
    put: (path, item) => guarded(path, () => put(ctx, path, item)),
    list: () => guarded(AREA, () => list(ctx)),
    restore: (id, path) => guarded(path ?? AREA, () => restore(ctx, id, path)),
    remove: (id, options = {}) =>
      guarded(AREA, async () => {
        await using directory = await openPrivate(ctx, AREA)
        // What is left of it without a record is removed by the next call of this kind.
        await removeName(directory, Buffer.from(id), options)
        await removeRecord(directory, id)
      }),
  }
}

async function put(ctx: TreeContext, path: string, { id, at }: { readonly id: string; readonly at: number }) {
  using place = await walkTo(ctx, path, { followLast: false })
  const target = place.target ?? notFound(path)
  const name = place.name ?? invalid(path)
  await refuseProtectedTree(ctx, target, [place.names])
  const record: Record = {
    path: place.names.join('/'),
    type: typeOf(target.stat()),
    diskBytes: await diskBytesOf(target),
    deletedAt: at,
  }
  await using directory = await openPrivate(ctx, AREA)
  // The record comes first: an item without one would never be found again.
  await writeRecord(directory, id, record)
  try {
    await rename(below(place.parent, name), below(directory, Buffer.from(id)))
  } catch (error) {
    await removeRecord(directory, id)
    throw error
  }
  await directory.sync()
  await syncDirectory(place.parent)
}

async function diskBytesOf(target: Pinned): Promise<number> {
  const info = target.stat()
  if (!info.isDirectory()) return info.blocks * 512
  const counted = new Set<string>()
  let bytes = info.blocks * 512
  for await (const visit of walkTree(target)) bytes += countOnce(counted, visit.info)
  return bytes
}

async function list(ctx: TreeContext): Promise<TrashedFile[]> {
  await using directory = await openPrivate(ctx, AREA)
  const items: TrashedFile[] = []
  for (const id of await recordIds(directory)) {
    const record = await readRecord(directory, id, isRecord)
    // The record of an item that never came, after a crash: nobody can restore it.
    if (record && (await lstat(below(directory, Buffer.from(id))).catch(whenGone))) items.push({ ...record, id })
  }
  return items.toSorted((a, b) => b.deletedAt - a.deletedAt || (a.path < b.path ? -1 : 1))
}

async function restore(ctx: TreeContext, id: string, path: string | null): Promise<string> {
  await using directory = await openPrivate(ctx, AREA)
  const record = await readRecord(directory, id, isRecord)
  using pinned = Pinned.find(below(directory, Buffer.from(id)))
  if (!record || !pinned) throw new AppError('TRASH_ITEM_NOT_FOUND', { id })
  const wanted = path ?? record.path
  using goal = await walkTo(ctx, wanted, { followLast: false, makesDirectories: true })
  if (goal.target || !goal.name) throw new AppError('FILE_EXISTS', { path: wanted.slice(0, 200) })
  await refuseProtectedTree(ctx, pinned, [goal.names])
  const [from, to] = [below(directory, Buffer.from(id)), below(goal.parent, goal.name)]
  if (record.type === 'directory') await renameOntoFresh(from, to)
  else await linkOntoFresh(from, to)
  await syncDirectory(goal.parent)
  await removeRecord(directory, id)
  return goal.names.join('/')
}

function isRecord(value: unknown): value is Record {
  if (typeof value !== 'object' || value === null) return false
  const { path, type, diskBytes, deletedAt } = value as { readonly [K in keyof Record]?: unknown }
  return (
    typeof path === 'string' &&
    typeof type === 'string' &&
    typeof diskBytes === 'number' &&
    typeof deletedAt === 'number'
  )
}
